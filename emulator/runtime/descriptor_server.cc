#include "emulator/runtime/descriptor_server.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "emulator/runtime/error.h"

namespace ascend_emulator {
namespace {

constexpr timeval kServerPatience{2, 0};  // for a client that connects and then says nothing

// Offers are numbered from a random number on, so that a number of 42 bits and a pid of 22 bits
// name an offer although pids are reused.
constexpr int kNumberBits = 42;
constexpr uint64_t kNumberMask = (uint64_t{1} << kNumberBits) - 1;

struct Offer {
  int fd;
  bool for_all;
  std::set<pid_t> admitted;  // unless it is for all
};

// "ascend-emulator.<pid>.<random>": the abstract address of a process; an offer's name is
// "<address>/<number>". The random part keeps a reused pid from being mistaken.
struct Server {
  std::mutex mutex;
  std::string address;
  std::map<uint64_t, Offer> offers;
  uint64_t next = 0;
  int listener = -1;
};

Server& server() {
  static Server& instance = *new Server;
  return instance;
}

socklen_t abstract_address(const std::string& name, sockaddr_un* address) {
  std::memset(address, 0, sizeof(*address));
  address->sun_family = AF_UNIX;
  const size_t length = std::min(name.size(), sizeof(address->sun_path) - 1);
  std::memcpy(address->sun_path + 1, name.data(), length);
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + length);
}

// The process at the other end; -1: another user's.
pid_t peer_of(int connection) {
  ucred peer;
  socklen_t size = sizeof(peer);
  const bool known = getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
  return known && peer.uid == geteuid() ? peer.pid : -1;
}

// The answer is one byte, 1 with the descriptor attached, or 0 if there is no such offer.
bool send_answer(int connection, int fd) {
  char found = fd >= 0 ? 1 : 0;
  iovec body{&found, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &body;
  message.msg_iovlen = 1;
  if (fd >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &fd, sizeof(int));
  }
  return sendmsg(connection, &message, MSG_NOSIGNAL) == 1;
}

int receive_answer(int connection) {
  char found = 0;
  iovec body{&found, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &body;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  if (recvmsg(connection, &message, MSG_CMSG_CLOEXEC) != 1 || found != 1) return -1;
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return -1;
  int fd;
  std::memcpy(&fd, CMSG_DATA(header), sizeof(int));
  return fd;
}

void serve_one(int connection) {
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &kServerPatience, sizeof(kServerPatience));
  setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &kServerPatience, sizeof(kServerPatience));
  uint64_t number = 0;
  const pid_t peer = peer_of(connection);
  if (peer < 0 || recv(connection, &number, sizeof(number), MSG_WAITALL) != 8) return;
  std::lock_guard lock(server().mutex);
  const auto found = server().offers.find(number);
  if (found == server().offers.end()) {
    send_answer(connection, -1);
    return;
  }
  const Offer& offer = found->second;
  send_answer(connection, offer.for_all || offer.admitted.contains(peer) ? offer.fd : -1);
}

void serve(int listener) {
  while (true) {
    const int connection = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      return;
    }
    serve_one(connection);
    close(connection);
  }
}

// With the server's lock held.
bool start_server() {
  if (server().listener >= 0) return true;
  uint64_t token;
  uint64_t first;
  if (getrandom(&token, sizeof(token), 0) != sizeof(token)) return false;
  if (getrandom(&first, sizeof(first), 0) != sizeof(first)) return false;
  server().next = first & kNumberMask;
  char text[64];
  std::snprintf(text, sizeof(text), "ascend-emulator.%d.%016" PRIx64, getpid(), token);
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address;
  const socklen_t size = abstract_address(text, &address);
  if (listener < 0 || bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener, 128) != 0) {
    if (listener >= 0) close(listener);
    return false;
  }
  server().address = text;
  server().listener = listener;
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread(serve, listener).detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return true;
}

bool split_name(const std::string& name, std::string* address, uint64_t* number) {
  const size_t slash = name.find('/');
  if (slash == std::string::npos) return false;
  *address = name.substr(0, slash);
  return std::sscanf(name.c_str() + slash + 1, "%" SCNu64, number) == 1;
}

// A socket whose every operation ends in time.
int connect_to(const std::string& address, std::chrono::milliseconds timeout) {
  const int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connection < 0) return -1;
  const timeval patience{static_cast<time_t>(timeout.count() / 1000),
                         static_cast<suseconds_t>(timeout.count() % 1000 * 1000)};
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  sockaddr_un where;
  const socklen_t size = abstract_address(address, &where);
  if (connect(connection, reinterpret_cast<sockaddr*>(&where), size) == 0) return connection;
  const int cause = errno;
  close(connection);
  errno = cause;
  return -1;
}

std::string offer(int fd, bool for_all) {
  const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  std::lock_guard lock(server().mutex);
  if (copy < 0 || !start_server()) {
    fail(ACL_ERROR_RT_RESOURCE_ALLOC_FAIL, "cannot offer a descriptor to peers: %s",
         std::strerror(errno));
    if (copy >= 0) close(copy);
    return {};
  }
  const uint64_t number = server().next;
  server().next = (number + 1) & kNumberMask;
  server().offers.emplace(number, Offer{copy, for_all, {}});
  return server().address + "/" + std::to_string(number);
}

// With the server's lock held.
std::map<uint64_t, Offer>::iterator find_offer(const std::string& name) {
  std::string address;
  uint64_t number;
  if (!split_name(name, &address, &number) || address != server().address) {
    return server().offers.end();
  }
  return server().offers.find(number);
}

// The addresses of the process, from the kernel's list: of several if pid namespaces share a
// network namespace.
std::vector<std::string> addresses_of(pid_t pid) {
  const std::string prefix = "@ascend-emulator." + std::to_string(pid) + ".";
  std::vector<std::string> addresses;
  std::ifstream sockets("/proc/net/unix");
  for (std::string line; std::getline(sockets, line);) {
    const size_t begin = line.find(prefix);
    if (begin == std::string::npos) continue;
    const std::string address = line.substr(begin + 1);
    if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
  }
  return addresses;
}

}  // namespace

std::string offer_descriptor(int fd) { return offer(fd, true); }

std::string offer_descriptor_to_admitted(int fd) { return offer(fd, false); }

bool admit_to_offer(const std::string& name, const int32_t* pids, size_t count) {
  std::lock_guard lock(server().mutex);
  const auto offer = find_offer(name);
  if (offer == server().offers.end()) return false;
  offer->second.admitted.insert(pids, pids + count);
  return true;
}

uint64_t number_of_offer(const std::string& name) {
  std::string address;
  uint64_t number = 0;
  split_name(name, &address, &number);
  return static_cast<uint64_t>(getpid()) << kNumberBits | number;
}

int fetch_descriptor(uint64_t number_of_offer, std::chrono::milliseconds timeout) {
  const auto pid = static_cast<pid_t>(number_of_offer >> kNumberBits);
  const std::string number = "/" + std::to_string(number_of_offer & kNumberMask);
  const auto addresses = addresses_of(pid);
  if (addresses.empty()) {
    fail(ACL_ERROR_RT_RESOURCE_ALLOC_FAIL, "the process %d that exported it is gone", pid);
  }
  for (const std::string& address : addresses) {
    const int fd = fetch_descriptor(address + number, timeout);
    if (fd >= 0) return fd;
  }
  return -1;
}

void withdraw_offer(const std::string& name) {
  std::lock_guard lock(server().mutex);
  const auto offer = find_offer(name);
  if (offer == server().offers.end()) return;
  close(offer->second.fd);
  server().offers.erase(offer);
}

int fetch_descriptor(const std::string& name, std::chrono::milliseconds timeout) {
  std::string address;
  uint64_t number;
  if (!split_name(name, &address, &number)) {
    fail(ACL_ERROR_RT_PARAM_INVALID, "\"%s\" is no name that a peer exported", name.c_str());
    return -1;
  }
  errno = 0;
  const int connection = connect_to(address, std::max(timeout, std::chrono::milliseconds(1)));
  int fd = -1;
  if (connection >= 0) {
    if (send(connection, &number, sizeof(number), MSG_NOSIGNAL) == sizeof(number)) {
      fd = receive_answer(connection);
    }
    close(connection);
  }
  if (fd < 0) {
    fail(ACL_ERROR_RT_RESOURCE_ALLOC_FAIL, "peer %s: %s", name.c_str(),
         connection < 0    ? "its process is gone"
         : errno == EAGAIN ? "it did not answer in time"
                           : "it belongs to another user, does not admit this process, or withdrew "
                             "what was asked for");
  }
  return fd;
}

}  // namespace ascend_emulator
