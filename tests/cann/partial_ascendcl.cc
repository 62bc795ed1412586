// A CANN runtime that lacks nearly everything, as an old installation would.
extern "C" __attribute__((visibility("default"))) int aclInit(const char*) { return 4711; }
