#pragma once

// Everything else is hidden: a client must find exactly the symbols that work.
#define EMULATOR_API __attribute__((visibility("default")))
