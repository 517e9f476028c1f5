// What gRPC must be told before it works for us.
#pragma once

#include <grpc/impl/codegen/grpc_types.h>

namespace nacre {

// The first thing before any gRPC object. Debian builds Abseil without NDEBUG, so its mutexes look for deadlock cycles at
// every lock taken inside another, under one lock of the whole process; gRPC takes such locks for each call.
void TuneGrpc();

// Channel arguments that are 0 at both ends: each costs something in every call. Retries are ours to decide (a resent
// request keeps its xid, common/recovery); most of what is sent is ciphertext, which does not compress, and a message that
// unpacks to a thousand times its size is an attack.
inline constexpr const char* kUnusedGrpcFeatures[] = {
    GRPC_ARG_ENABLE_RETRIES,        GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION,
    GRPC_ARG_ENABLE_CHANNELZ,       GRPC_ARG_ENABLE_CENSUS,
};

}  // namespace nacre
