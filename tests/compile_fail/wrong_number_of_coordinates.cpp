// expect: no matching (function|constructor).*Minkowski
#include "libstos/spacetime/minkowski.hpp"

stos::Minkowski<4> point(0, 1, 2);
