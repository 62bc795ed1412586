// Two processes share device memory: this program, and itself as a child that exports its device 1.

#include "emulator/runtime/peer.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <fstream>
#include <iostream>
#include <string>

#include "acl/acl_rt.h"
#include "emulator/runtime/error.h"
#include "emulator/runtime/memory.h"
#include "tests/emulator/runtime/check.h"

namespace ascend_emulator {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr size_t kSize = 4096;
constexpr milliseconds kTimeout{5000};

struct Child {
  pid_t pid;
  FILE* from;
  FILE* to;

  std::string line() {
    char text[256] = {};
    CHECK(std::fgets(text, sizeof(text), from) != nullptr);
    return std::string(text, std::strcspn(text, "\n"));
  }
};

Child start_child(const char* program) {
  int to[2];
  int from[2];
  CHECK(pipe(to) == 0 && pipe(from) == 0);
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(to[0], 0);
    dup2(from[1], 1);
    for (const int fd : {to[0], to[1], from[0], from[1]}) close(fd);
    execl(program, program, "child", nullptr);
    _exit(127);
  }
  close(to[0]);
  close(from[1]);
  return {pid, fdopen(from[0], "r"), fdopen(to[1], "w")};
}

// Prints its names, then whether the parent's writing has arrived, then waits to be killed.
int child_main() {
  CHECK(aclrtSetDevice(1) == ACL_SUCCESS);
  void* block;
  CHECK(aclrtMalloc(&block, 64, ACL_MEM_MALLOC_HUGE_FIRST) == ACL_SUCCESS);
  CHECK(aclrtMalloc(&block, kSize, ACL_MEM_MALLOC_HUGE_FIRST) == ACL_SUCCESS);
  CHECK(aclrtMemset(block, kSize, 'c', kSize) == ACL_SUCCESS);
  size_t offset;
  CHECK(arena_offset(block, &offset) && offset != 0);
  const int fd = memfd_create("test", MFD_CLOEXEC);
  CHECK(write(fd, "hello", 5) == 5);
  std::cout << export_arena(1) << "\n" << offset << "\n" << export_descriptor(fd) << std::endl;
  std::string word;
  std::cin >> word;
  DeviceSpan span;
  CHECK(resolve(block, &span));
  std::cout << static_cast<char*>(span.alias)[10] << std::endl;
  std::cin >> word;
  return 0;
}

std::string why() { return take_recent_message(); }

// Of the process that exported the arena. Its pid may be another's in another namespace.
bool sockets_left(const std::string& arena_name) {
  std::ifstream sockets("/proc/net/unix");
  const std::string name = arena_name.substr(0, arena_name.find('/'));
  for (std::string line; std::getline(sockets, line);) {
    if (line.find(name) != std::string::npos) return true;
  }
  return false;
}

void memory_is_shared(Child& child, const std::string& arena_name, size_t offset) {
  auto arena = map_peer(arena_name, kTimeout);
  CHECK(arena != nullptr);
  CHECK(map_peer(arena_name, kTimeout) == arena);
  char* bytes = reinterpret_cast<char*>(arena->alias() + offset);
  CHECK(bytes[0] == 'c' && bytes[kSize - 1] == 'c');
  bytes[10] = 'p';
  std::fputs("look\n", child.to);
  std::fflush(child.to);
  CHECK(child.line() == "p");

  void* client = arena->import_block(offset, kSize);
  DeviceSpan span;
  CHECK(client != nullptr && resolve(static_cast<char*>(client) + 10, &span));
  CHECK(span.device == 1 && span.size == kSize - 10 && span.alias == bytes + 10);
  CHECK(arena->import_block(arena->size() - 512, 1024) == nullptr);
  arena->release_block(client);
  CHECK(!resolve(client, &span));
}

void descriptors_travel(const std::string& name) {
  const int fd = import_descriptor(name, kTimeout);
  CHECK(fd >= 0);
  char text[6] = {};
  CHECK(pread(fd, text, 5, 0) == 5 && std::string(text) == "hello");
  close(fd);
  CHECK(import_descriptor(name + "999", kTimeout) == -1);
  CHECK(why().find("withdrew what was asked for") != std::string::npos);
  CHECK(import_descriptor("nonsense", kTimeout) == -1);
  CHECK(why().find("is no name that a peer exported") != std::string::npos);
}

void a_killed_peer_is_gone_at_once(Child& child, const std::string& arena_name) {
  CHECK(sockets_left(arena_name));
  kill(child.pid, SIGKILL);
  waitpid(child.pid, nullptr, 0);
  const auto begin = steady_clock::now();
  CHECK(map_peer(arena_name, kTimeout) == nullptr);
  CHECK(why().find("its process is gone") != std::string::npos);
  CHECK(steady_clock::now() - begin < kTimeout);
  CHECK(!sockets_left(arena_name));
}

void a_stopped_peer_costs_the_timeout_only(const char* program) {
  Child child = start_child(program);
  const std::string name = child.line();
  kill(child.pid, SIGSTOP);
  waitpid(child.pid, nullptr, WUNTRACED);  // until then its server may still answer
  const auto begin = steady_clock::now();
  CHECK(map_peer(name, milliseconds(300)) == nullptr);
  const auto took = steady_clock::now() - begin;
  CHECK(took >= milliseconds(250) && took < milliseconds(3000));
  CHECK(why().find("did not answer in time") != std::string::npos);
  kill(child.pid, SIGKILL);
  waitpid(child.pid, nullptr, 0);
}

int parent_main(const char* program) {
  Child child = start_child(program);
  const std::string arena_name = child.line();
  const size_t offset = std::stoul(child.line());
  const std::string descriptor = child.line();
  memory_is_shared(child, arena_name, offset);
  descriptors_travel(descriptor);
  a_killed_peer_is_gone_at_once(child, arena_name);
  a_stopped_peer_costs_the_timeout_only(program);
  return 0;
}

}  // namespace
}  // namespace ascend_emulator

int main(int argc, char** argv) {
  return argc > 1 ? ascend_emulator::child_main() : ascend_emulator::parent_main(argv[0]);
}
