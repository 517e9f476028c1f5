// The first thing before any gRPC object. Debian builds Abseil without NDEBUG, so its mutexes look for deadlock cycles at
// every lock taken inside another, under one lock of the whole process; gRPC takes such locks for each call.
#pragma once

namespace nacre {

void TuneGrpc();

}  // namespace nacre
