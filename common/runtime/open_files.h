// How many files a process may have open: every connection, object file and table of a store is one. The usual soft limit
// of 1024 is a relic of select(), which nothing here uses; at 450 clients it would make a server's store fail.
#pragma once

#include <cstdint>

namespace nacre {

// Up to what the administrator allows (the hard limit). Answers what may be open now. Before the first thread.
uint64_t RaiseOpenFileLimit();

// For servers, once they have a log: says so if an administrator's limit is too low to serve many clients.
void WarnIfFewOpenFiles();

}  // namespace nacre
