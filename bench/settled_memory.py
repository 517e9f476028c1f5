"""Before each measurement memory is in the same state. On a virtual machine the first touch of a page that the host has taken
back costs several times what copying it does, and with free page reporting (Linux: mm/page_reporting.c) the guest itself
offers its free memory to the host every two seconds. So what is free is kept small and just freed, as on a machine that has
been running for a while (class Memory); a measurement of a big file during which the kernel reported all the same is done
again, where the kernel counts that. Runs of many small files are not: they take longer than the two seconds between reports,
so there would be no end, and they touch little memory.
"""
import os
import time


class Memory:
    """Puts the machine's memory into the same state before each measurement: nearly all of it holds clean pages
    of a sparse file, which the kernel may take at any time, and the free part are pages let go of a moment ago."""

    QUIET_SECONDS = 4.5  # two rounds of free page reporting, and a little
    KEPT_FREE = 768 << 20
    REPORTED = "/sys/module/page_reporting/parameters/reported_kib"  # not every kernel counts

    def __init__(self, work):
        self.file = os.open(os.path.join(work, "ballast"), os.O_RDWR | os.O_CREAT, 0o600)
        os.ftruncate(self.file, 1 << 43)
        self.end = 0

    @staticmethod
    def free_bytes():
        with open("/proc/meminfo", encoding="ascii") as lines:
            return next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemFree:"))

    def reported_mib(self):
        try:
            with open(self.REPORTED, encoding="ascii") as number:
                return int(number.read()) >> 10
        except OSError:
            return 0

    def settle(self, bytes_wanted):
        os.sync()
        block = bytearray(1 << 20)
        # Read once, not until it is so: below its watermarks the kernel frees as fast as this fills.
        for _ in range(max(self.free_bytes() - self.KEPT_FREE, bytes_wanted - self.end) >> 20):
            os.preadv(self.file, [block], self.end)
            self.end += len(block)
        time.sleep(self.QUIET_SECONDS)
        os.posix_fadvise(self.file, self.end - bytes_wanted, bytes_wanted, os.POSIX_FADV_DONTNEED)
        self.end -= bytes_wanted

    def settled(self, bytes_wanted, measure, undo=lambda: None):
        """What @measure returns, measured in a settled state. Done again while the host took memory during it, at most 4 times."""
        for repeats_left in range(4, -1, -1):
            self.settle(bytes_wanted)
            before = self.reported_mib()
            run = measure()
            if self.reported_mib() - before < 64 or repeats_left == 0:
                return run
            undo()
