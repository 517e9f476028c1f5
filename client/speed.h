// How fast this machine encrypts: what `nacre speed` shows. No cluster, no file, about half a second of work per figure.
#pragma once

#include <string>
#include <vector>

namespace nacre {

struct SpeedFigure {
  std::string item;   // "AES-256-XTS pages, encrypt, 2 threads"
  double number = 0;
  std::string unit;   // "bytes/s" or "names/s"
};

std::vector<SpeedFigure> MeasureCiphers();

}  // namespace nacre
