// The first thing every main() does. With glibc's defaults each message buffer of 128 KiB and more is mapped, faulted in
// and unmapped again; measured through gRPC on a virtual machine that made bulk transfers 3-5 times slower. The price:
// a process keeps its peak of in-flight buffers, which therefore must be bounded.
#pragma once

namespace nacre {

void TuneMalloc();
bool MallocIsTuned();  // for the test that keeps this from being lost

}  // namespace nacre
