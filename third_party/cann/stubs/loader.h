// Lazy binding to CANN: no library is needed to link or to import, each is opened at its first use,
// and a function that the installed CANN lacks is an error value, not a crash.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>

namespace cann {

enum class Library { kAscendCl, kOpApi, kHccl, kMstx };
constexpr int kLibraries = 4;

// What a forwarder returns when its function cannot be found. Outside CANN's own code ranges.
constexpr int kMissingSymbol = 990001;

// CANN's headers that the stubs were written against.
constexpr const char kHeadersVersion[] = "9.1.0";

struct LibraryFiles {
  Library library;
  std::initializer_list<const char*> files;
};
struct Symbol {
  const char* name;
  Library library;
};
extern const LibraryFiles kLibraryFiles[];  // generated
extern const size_t kLibraryCount;
extern const Symbol kSymbols[];  // generated, sorted by name
extern const size_t kSymbolCount;

// The CANN installation to use (the folder that has lib64/). Takes effect for libraries that are
// not open yet; empty leaves the search to the dynamic linker.
void set_home(const std::string& home);
std::string home();

// The CANN version of the installation at `home`, "unknown" where it does not say.
std::string installed_version();

// Address of a function, or nullptr. Slow: forwarders call it once.
void* resolve(Library library, const char* name) noexcept;

// Whether the installed CANN has a function that the headers declare.
bool has_symbol(const char* name) noexcept;

// Keeps, for this thread, the text that says which function is missing and why.
void report_missing(Library library, const char* name) noexcept;

// The text of the thread's last missing function, once; empty if there was none.
std::string take_missing_report();

}  // namespace cann
