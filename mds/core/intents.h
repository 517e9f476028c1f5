// Intents: changes of a file's size or holes that need every OST it lies on. The intent is stable before the first OST is
// asked and holds all that is needed, ciphertext included, so the server finishes alone: without the client, and after a
// restart. The holder of an intent holds the file's lock.
#pragma once

#include "mds/core/change.h"

namespace nacre {

// What the OSTs have left when all have done it.
struct IntentOutcome {
  uint64_t allocated_bytes = 0;
  uint64_t write_opens = 0;  // of the file, when it began
};

// Raises the file epoch and writes the intent, both stable when this ends; then asks the objects, first those whose page
// has a condition, one after another, then all others together, again and again while an OST does not answer.
// An error: nothing more is to be done, the intent is gone. kLostRace: a page is not what the client thought. kStale: the
// file was removed. kUnavailable: the server is stopping; the next start goes on.
Task<Result<IntentOutcome>> CarryOut(Core& core, Fid fid, rows::IntentRow intent);
// The request that asks for it.
void NameRequest(const Op& op, rows::IntentRow& intent);

// Puts the file as the intent leaves it and takes the intent away, into the change. The row as it will be.
rows::InodeRow FinishIntent(Core& core, Change& change, const Fid& fid, const rows::IntentRow& intent,
                            const IntentOutcome& outcome, rows::InodeRow row);

// At start: every intent that is left is carried out in the background, its file locked from now on, when the server has
// recovered. The request it came with gets its reply record.
Status TakeUpIntents(Core& core);

}  // namespace nacre
