#include <libstos/stos.hpp>

#include <cstdio>

int main() { std::puts("consumer: built against the installed libstos"); }
