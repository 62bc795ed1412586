#include "tests/build/layering/neighbour.h"
