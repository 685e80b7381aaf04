// What can be wrong with the place of a store is said: where, what, and what to do.

#include "store/file_lock.hpp"
#include "store/redis_connection.hpp"
#include "tests/store/support.hpp"

#include <catch2/catch.hpp>
#include <lmdb.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

using namespace stos;
using namespace stos::test;
using Catch::Matchers::Contains;

namespace {

std::string error_of_opening(const std::string& place, Access access) {
  const auto store = CutStore::open(place, access);
  if (!store)
    return store.error().context;
  const Result<CutStore::Contents> contents = (*store)->list();
  return contents ? "no error" : contents.error().context;
}

std::string error_of_writing(CutStore& store) {
  const detail::Cut cut = made_up_cut(1, 100, 0);
  const auto written = store.write(label_of(cut), encode(cut), 0);
  return written ? "no error" : written.error().context;
}

void write_file(const std::string& path, std::string_view contents) {
  std::ofstream(path, std::ios::binary) << contents;
}

/// As another program would use LMDB.
void write_lmdb(const std::string& folder, const char* database, std::string_view key,
                std::string_view value) {
  std::filesystem::create_directories(folder);
  MDB_env* environment = nullptr;
  MDB_txn* transaction = nullptr;
  MDB_dbi records = 0;
  MDB_val k{key.size(), const_cast<char*>(key.data())};
  MDB_val v{value.size(), const_cast<char*>(value.data())};
  REQUIRE(mdb_env_create(&environment) == 0);
  REQUIRE(mdb_env_set_maxdbs(environment, 4) == 0);
  REQUIRE(mdb_env_open(environment, folder.c_str(), 0, 0644) == 0);
  REQUIRE(mdb_txn_begin(environment, nullptr, 0, &transaction) == 0);
  REQUIRE(mdb_dbi_open(transaction, database, MDB_CREATE, &records) == 0);
  REQUIRE(mdb_put(transaction, records, &k, &v, 0) == 0);
  REQUIRE(mdb_txn_commit(transaction) == 0);
  mdb_env_close(environment);
}

} // namespace

TEST_CASE("a folder that is none, or has no store in it, is an error that names it") {
  const TemporaryFolder folder;
  CHECK_THAT(error_of_opening(folder / "nothing", Access::read),
             Contains(folder / "nothing") && Contains("there is no such folder"));
  CHECK_THAT(error_of_opening(folder.path(), Access::read), Contains("no data.mdb is in it"));
  write_file(folder / "file", "text");
  for (const Access access : {Access::read, Access::write}) {
    CHECK_THAT(error_of_opening(folder / "file", access),
               Contains(folder / "file") && Contains("it is a file, wanted is a folder"));
    CHECK_THAT(error_of_opening("", access), Contains("wants a place"));
  }
  CHECK_THAT(error_of_opening("etcd://:secret@host", Access::write),
             Contains("no stores of cuts at etcd://;") && !Contains("secret"));
  CHECK_THAT(error_of_opening(folder / "file/below", Access::write), Contains("cannot be made"));
  CHECK(error_of_opening(folder / "new/store", Access::write) == "no error");
  CHECK(error_of_opening(folder / "new/store", Access::read) == "no error");
}

TEST_CASE("a data.mdb of another program is neither read nor written to") {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "text");
  write_file(folder / "text/data.mdb", std::string(100'000, 'x'));
  write_lmdb(folder / "plain", nullptr, "key", "value");
  write_lmdb(folder / "named", "some database", "key", "value");
  for (const std::string name : {"text", "plain", "named"}) {
    INFO(name);
    const auto before = std::filesystem::last_write_time(folder / (name + "/data.mdb"));
    CHECK_THAT(error_of_opening(folder / name, Access::write), Contains(folder / name));
    CHECK_THAT(error_of_opening(folder / name, Access::read), Contains(folder / name));
    CHECK(std::filesystem::last_write_time(folder / (name + "/data.mdb")) == before);
  }
  CHECK_THAT(error_of_opening(folder / "text", Access::write), Contains("not a file of LMDB"));
  CHECK_THAT(error_of_opening(folder / "plain", Access::write), Contains("of another program"));
  CHECK_THAT(error_of_opening(folder / "plain", Access::read), Contains("of another program"));
  CHECK_THAT(error_of_opening(folder / "named", Access::read), Contains("of another program"));
}

TEST_CASE("a store of another version is not written to") {
  const TemporaryFolder folder;
  write_lmdb(folder.path(), nullptr, "f", "libstos cuts 99");
  CHECK_THAT(error_of_opening(folder.path(), Access::write),
             Contains("another version of libstos"));
  CHECK_THAT(error_of_opening(folder.path(), Access::read), Contains("another version of libstos"));
}

TEST_CASE("a writer whose turn does not come names the one who has it") {
  const TemporaryFolder folder;
  StoreLimits limits;
  limits.lock_wait_s = 0;
  const auto store = CutStore::open(folder.path(), Access::write, limits);
  REQUIRE(store);
  {
    const auto other =
        detail::FileLock::take(folder / "writer.lock", detail::FileLock::Kind::exclusive, 0);
    REQUIRE(other);
    CHECK_THAT(error_of_writing(**store),
               Contains(folder.path()) &&
                   Contains("another writer (process " + std::to_string(::getpid()) + ")"));
    CHECK_FALSE(CutStore::open(folder.path(), Access::write, limits));
    const auto reader = CutStore::open(folder.path(), Access::read, limits);
    REQUIRE(reader);
    CHECK((*reader)->list());
  }
  CHECK(error_of_writing(**store) == "no error");
}

TEST_CASE("an address of a Redis server is read, and shown without its password") {
  const auto parsed = [](const std::string& place) {
    const Result<detail::RedisAddress> address = detail::RedisAddress::parse(place);
    if (!address)
      FAIL(address.error().context);
    return *address;
  };
  CHECK(parsed("redis://host").shown() == "redis://host:6379/0");
  CHECK(parsed("redis://host/").shown() == "redis://host:6379/0");
  CHECK(parsed("redis://[::1]:7000/2").host == "::1");
  CHECK(parsed("redis://[::1]").shown() == "redis://[::1]:6379/0");
  const detail::RedisAddress full = parsed("redis://me:s@c%72%25et@some.host:1234/15");
  CHECK(full.user == "me");
  CHECK(full.password == "s@cr%et");
  CHECK(full.shown() == "redis://some.host:1234/15");
  CHECK(parsed("redis://:word@h").password == "word");

  const auto error = [](const std::string& place) {
    const Result<detail::RedisAddress> address = detail::RedisAddress::parse(place);
    return address ? "no error" : address.error().context;
  };
  CHECK_THAT(error("redis:host"), Contains("does not begin with redis://"));
  CHECK_THAT(error("redis://"), Contains("no host"));
  CHECK_THAT(error("redis://:secret@"), Contains("no host") && !Contains("secret"));
  CHECK_THAT(error("redis://:secret@h:x"), Contains("port is 'x'") && !Contains("secret"));
  CHECK_THAT(error("redis://h:70000"), Contains("port is '70000'"));
  CHECK_THAT(error("redis://h/x"), Contains("database is 'x'"));
  CHECK_THAT(error("redis://:se%cret@h"), Contains("%25") && !Contains("cret@"));
}
