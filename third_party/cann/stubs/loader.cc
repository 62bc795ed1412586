#include "third_party/cann/stubs/loader.h"

#include <dlfcn.h>
#include <glob.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <mutex>
#include <utility>
#include <vector>

namespace cann {
namespace {

struct OpenLibrary {
  std::vector<void*> handles;
  std::string problems;  // why a file did not open, for the error message
  bool opened = false;
};

struct State {
  std::mutex mutex;
  std::string home;
  OpenLibrary libraries[kLibraries];
};

State& state() {
  static State* instance = new State;  // outlives static destructors that still call CANN
  return *instance;
}

std::vector<std::string> paths_of(const std::string& home, const char* file) {
  if (home.empty()) return {file};
  const std::string path = home + "/lib64/" + file;
  if (std::strchr(file, '*') == nullptr) return {path};
  std::vector<std::string> paths;
  glob_t found{};
  if (glob(path.c_str(), 0, nullptr, &found) == 0) {
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  globfree(&found);
  return paths;
}

const LibraryFiles& files_of(Library library) {
  return *std::find_if(kLibraryFiles, kLibraryFiles + kLibraryCount,
                       [&](const LibraryFiles& entry) { return entry.library == library; });
}

void open_all(Library library, OpenLibrary& open) {
  open.opened = true;
  for (const char* file : files_of(library).files) {
    for (const std::string& path : paths_of(state().home, file)) {
      if (void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL)) {
        open.handles.push_back(handle);
      } else {
        open.problems += std::string("\n  ") + dlerror();
      }
    }
  }
}

OpenLibrary& opened(Library library) {
  OpenLibrary& open = state().libraries[static_cast<int>(library)];
  if (!open.opened) open_all(library, open);
  return open;
}

thread_local std::string missing_report;

}  // namespace

void set_home(const std::string& home) {
  const std::lock_guard lock(state().mutex);
  state().home = home;
}

std::string home() {
  const std::lock_guard lock(state().mutex);
  return state().home;
}

std::string installed_version() {
  const std::string folder = home();
  for (const char* file : {"/version.cfg", "/version.info", "/runtime/version.info"}) {
    std::ifstream stream(folder + file);
    for (std::string line; std::getline(stream, line);) {
      const auto equals = line.find('=');
      if (equals == std::string::npos || !line.starts_with("Version")) continue;
      return line.substr(equals + 1);
    }
  }
  return "unknown";
}

void* resolve(Library library, const char* name) noexcept {
  const std::lock_guard lock(state().mutex);
  for (void* handle : opened(library).handles) {
    if (void* address = dlsym(handle, name)) return address;
  }
  return nullptr;
}

bool has_symbol(const char* name) noexcept {
  const Symbol* end = kSymbols + kSymbolCount;
  const Symbol* found = std::lower_bound(kSymbols, end, name, [](const Symbol& s, const char* n) {
    return std::strcmp(s.name, n) < 0;
  });
  return found != end && std::strcmp(found->name, name) == 0 && resolve(found->library, name);
}

void report_missing(Library library, const char* name) noexcept {
  const std::string version = installed_version();
  const std::lock_guard lock(state().mutex);
  const OpenLibrary& open = opened(library);
  std::string files;
  for (const char* file : files_of(library).files)
    files += (files.empty() ? "" : ", ") + std::string(file);
  const std::string where = state().home.empty() ? "the linker's search path" : state().home;
  if (open.handles.empty()) {
    missing_report = std::string("CANN function ") + name +
                     " was called, but none of its libraries (" + files +
                     ") could be loaded from " + where + ":" + open.problems +
                     "\nInstall CANN and source its set_env.sh, or install ascend_emulator.";
    return;
  }
  // The function may be in a file that did not open.
  const std::string problems =
      open.problems.empty() ? "" : "\nCould not be loaded:" + open.problems;
  const std::string advice =
      version == kHeadersVersion
          ? " has it, so this installation is incomplete or damaged: install it anew."
          : " has it. Upgrade CANN, or use a torch_npu that matches the installed CANN.";
  missing_report = std::string("CANN function ") + name + " is missing from " + files +
                   " of CANN " + version + " at " + where + "; CANN " + kHeadersVersion + advice +
                   problems;
}

std::string take_missing_report() { return std::exchange(missing_report, {}); }

}  // namespace cann
