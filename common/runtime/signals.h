// Waiting for the order to stop: SIGTERM or SIGINT. Block first in main(), before any thread is made, so that no thread
// gets the signal in the middle of something.
#pragma once

namespace nacre {

void BlockStopSignals();
int WaitForStopSignal();  // answers the signal's number
bool StopSignalIsPending();

}  // namespace nacre
