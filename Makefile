# The short way in. Everything here is a plain CMake preset underneath: see CMakePresets.json.
#
#   make demo    run the interplanetary example (prepares the machine and builds what it needs)
#   make test    build everything and run all tests
#   make bench   run the benchmarks, under five minutes (BENCH_ARGS=--full: all that is judged)
#   make check   what a change must pass: format, lint, header checks, tests
#   make asan    all tests under AddressSanitizer and UndefinedBehaviorSanitizer
#   make tsan    all tests under ThreadSanitizer
#   make clang   build everything with clang++, and run all tests
#   make docs    the reference of the public headers, in build/docs/html (installs Doxygen)
#   make setup   install the packages and build CAF, nothing else
#   make clean   remove build/ (CAF and packages stay)

JOBS ?= $(shell nproc)
DEMO := build/release/examples/interplanetary
BENCH_ARGS ?=

.DELETE_ON_ERROR:
.PHONY: demo test bench check asan tsan clang docs setup setup-asan setup-tsan setup-dev clean

demo: build/release/build.ninja
	@echo "demo: building the interplanetary example"
	@cmake --build --preset release -j $(JOBS) --target interplanetary
	@echo "demo: $(DEMO)"
	@./$(DEMO)

test: build/release/build.ninja
	@echo "test: building everything"
	@cmake --build --preset release -j $(JOBS)
	@ctest --preset release -j 2

bench: build/release/build.ninja
	@cmake --build --preset release -j $(JOBS) --target bench
	@build/release/bench/stos_microbench --benchmark_min_time=0.1
	@build/release/bench/stos_bench $(BENCH_ARGS)

check:
	@scripts/check

asan: setup-asan
	@cmake --preset asan && cmake --build --preset asan -j $(JOBS) && ctest --preset asan -j 2

tsan: setup-tsan
	@cmake --preset tsan && cmake --build --preset tsan -j $(JOBS) && ctest --preset tsan -j 2

clang: setup-dev
	@cmake --preset clang && cmake --build --preset clang -j $(JOBS) && ctest --preset clang -j 2

docs:
	@scripts/setup --docs
	@scripts/docs

# Once configured, ninja sees by itself when a CMake file or a folder has changed.
build/release/build.ninja: | setup
	@echo "configure: preset release"
	@cmake --preset release >build/configure.log 2>&1 || { cat build/configure.log; exit 1; }

setup:
	@scripts/setup
	@mkdir -p build

setup-asan:
	@scripts/setup --sanitizer=address

setup-tsan:
	@scripts/setup --sanitizer=thread

setup-dev:
	@scripts/setup --dev

clean:
	rm -rf build
