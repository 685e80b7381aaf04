// expect: constraint.*Minkowski|Minkowski.*constraint|constraint failure
#include "libstos/spacetime/minkowski.hpp"

stos::Minkowski<5> point;
