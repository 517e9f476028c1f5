"""A Nacre cluster of real processes for a test: started in a private directory, ended whatever happens.

    with Cluster(osts=3) as cluster:
        cluster.ok("encrypt", "/vault", "--key-file", cluster.new_key())
        listing = cluster.ok("ls", "/vault").out

Every process of a cluster carries NACRE_TEST_CLUSTER=DIR in its environment (children inherit it): that is how what a
failed test left behind is found and ended, by process id. Binaries come from $NACRE_BIN, else build/release/bin.
NACRE_KEEP=1 keeps the directories, for a look at what is left.
"""

import glob
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("NACRE_BIN", os.path.join(ROOT, "build", "release", "bin"))
TOOLS = os.path.join(ROOT, "tests", "tools")
FULL = os.environ.get("NACRE_EFFORT", "ci") == "full"
SEED = int(os.environ.get("NACRE_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)

# Exit codes of the command line.
OK, ERROR, USAGE, PARTIAL, NOT_FOUND, EXISTS, PERMISSION, UNAVAILABLE, TIMED_OUT, NO_SPACE = range(10)
WRONG_KEY, KEY_NEEDED, INTEGRITY = 12, 13, 14

PAGE = 4096
KIB, MIB = 1 << 10, 1 << 20

SOMEBODY = 65534  # a user without rights


def become_somebody():
    os.setgroups([])
    os.setgid(SOMEBODY)
    os.setuid(SOMEBODY)


# Nothing here is about speed: this only ends what would never end.
COMMAND_SECONDS_MAX = 900


class Result:
    """What one command did: exit code, stdout, stderr (both bytes)."""

    def __init__(self, command, code, out, err):
        self.command, self.code, self.out, self.err = command, code, out, err

    @property
    def text(self):
        return self.out.decode("utf-8", "surrogateescape")

    @property
    def error(self):
        return self.err.decode("utf-8", "replace")

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def stats(self):
        """Calls by operation from --stats: {"mds.Open": 1, ...}."""
        return counts_in(last_json(self.error))

    def __str__(self):
        return "%s\n  exit %s\n  stdout: %r\n  stderr: %s" % (
            " ".join(map(repr, self.command)), self.code, self.out[-2000:], self.error[-4000:])


def last_json(text):
    """The last JSON object in text that stands on a line of its own or over several lines."""
    decoder = json.JSONDecoder()
    begin = len(text)
    while True:
        begin = text.rfind("{", 0, begin)
        if begin < 0:
            raise AssertionError("no JSON in: " + text)
        if begin == 0 or text[begin - 1] == "\n":
            try:
                return decoder.raw_decode(text, begin)[0]
            except ValueError:
                pass


def counts_in(message):
    """{"mds.Open": calls} of a --stats object or of one server's row."""
    return {operation: int(calls) for operation, calls in message["rpcs"].items() if int(calls)}


def processes_of(directory):
    """Ids of living processes that carry this cluster's mark."""
    mark = ("NACRE_TEST_CLUSTER=" + directory).encode()
    found = []
    for entry in glob.glob("/proc/[0-9]*"):
        try:
            with open(entry + "/environ", "rb") as file:
                if mark not in file.read().split(b"\0"):
                    continue
            with open(entry + "/stat") as file:
                if file.read().rpartition(")")[2].split()[0] != "Z":
                    found.append(int(os.path.basename(entry)))
        except OSError:
            continue
    return [pid for pid in found if pid != os.getpid()]


def processes_that_listen_at(prefix):
    """Ids of processes with a UNIX socket bound to a path that begins so. (The agent keeps no environment.)"""
    with open("/proc/net/unix", encoding="utf-8", errors="surrogateescape") as table:
        rows = [line.split(None, 7) for line in table][1:]
    wanted = {"socket:[%s]" % row[6] for row in rows if len(row) == 8 and row[7].startswith(prefix)}
    found = set()
    for link in glob.glob("/proc/[0-9]*/fd/*") if wanted else []:
        try:
            if os.readlink(link) in wanted:
                found.add(int(link.split("/")[2]))
        except OSError:
            continue
    return sorted(found)


def wait_until(condition, what, seconds=120):
    """Polls; a machine may be slow, so the bound is generous and only there to end."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("still not so after %d s: %s" % (seconds, what))
        time.sleep(0.1)


class Cluster:
    """mdts and osts as in `nacre dev up`; `up_options` are further words for it."""

    def __init__(self, osts=2, up_options=()):
        self.osts, self.up_options = osts, list(up_options)
        self.new_owners = itertools.count(1000)
        self.home = tempfile.mkdtemp(prefix="nacre-test-")
        self.dir = os.path.join(self.home, "cluster")
        self.runtime = os.path.join(self.home, "run")
        os.mkdir(self.runtime, 0o700)
        os.mkdir(os.path.join(self.home, "home"))
        self.environment = dict(os.environ, NACRE_TEST_CLUSTER=self.home, XDG_RUNTIME_DIR=self.runtime, LC_ALL="C.UTF-8",
                                HOME=os.path.join(self.home, "home"), NACRE_CONFIG=os.path.join(self.dir, "client.toml"))

    # ---- life

    def __enter__(self):
        try:
            self.up()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_):
        self.end()

    def up(self):
        self.ok("dev", "up", self.dir, "--osts", str(self.osts), *self.up_options)

    def down(self):
        self.ok("dev", "down", self.dir)

    def stop(self, target):
        self.ok("dev", "stop", self.dir, target)

    def start(self, target):
        self.ok("dev", "start", self.dir, target)

    def kill(self, target):
        self.ok("dev", "kill", self.dir, target)

    def end(self):
        """Ends every process of this cluster by its id and removes its directory."""
        for _ in range(50):
            pids = processes_of(self.home) + processes_that_listen_at(self.runtime)
            if not pids:
                break
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.05)
        if not os.environ.get("NACRE_KEEP"):
            shutil.rmtree(self.home, ignore_errors=True)

    def logs(self):
        """The last lines of every server, for the message of a failure."""
        text = ""
        for path in sorted(glob.glob(os.path.join(self.dir, "log", "*"))):
            with open(path, "rb") as file:
                text += "\n---- %s\n%s" % (os.path.basename(path), file.read()[-1000:].decode("utf-8", "replace"))
        return text

    # ---- commands

    def environment_command(self, words):
        return [os.path.join(BIN, "nacre")] + [word if isinstance(word, bytes) else str(word) for word in words]

    def run(self, *words, stdin=b"", environment=None, preexec_fn=None):
        command = self.environment_command(words)
        streams = {"stdin": stdin} if not isinstance(stdin, bytes) else {"input": stdin}
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=COMMAND_SECONDS_MAX,
                              env=dict(self.environment, **(environment or {})), preexec_fn=preexec_fn, **streams)
        return Result(command, done.returncode, done.stdout, done.stderr)

    def expect(self, code, *words, **options):
        result = self.run(*words, **options)
        if result.code != code:
            raise AssertionError("expected exit %d: %s%s" % (code, result, self.logs()))
        return result

    def ok(self, *words, **options):
        return self.expect(OK, *words, **options)

    def counted(self, *words, **options):
        """Runs with --stats; the calls by operation."""
        return self.ok(*words, "--stats", **options).stats

    def begin(self, *words, stdin=os.devnull):
        """A command that goes on while the test does other things; stdin: a path."""
        with open(stdin, "rb") as source:
            return subprocess.Popen(self.environment_command(words), stdin=source, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, env=self.environment)

    def expect_of_somebody(self, code, *words):
        """The same by a user without rights."""
        os.chmod(self.home, 0o755)
        return self.expect(code, *words, preexec_fn=become_somebody)

    def many_files(self, count):
        """A local directory of empty files."""
        path = self.file("many")
        os.mkdir(path)
        for number in range(count):
            with open("%s/%04d" % (path, number), "wb"):
                pass
        return path

    def chown_stopped_midway(self, directory, *options):
        """chown -R of a directory with many files, stopped (SIGSTOP) when some are changed and others not: it and the owner."""
        for _ in range(100):
            owner = next(self.new_owners)
            chown = self.begin("chown", "-R", owner, directory, *options)
            while chown.poll() is None:
                chown.send_signal(signal.SIGSTOP)
                changed = [entry["uid"] == owner for entry in self.ok("ls", "--json", directory).json["entries"]]
                if any(changed) and not all(changed):
                    return chown, owner
                chown.send_signal(signal.SIGCONT)
                time.sleep(0.002)
            chown.communicate()
        raise AssertionError("chown was never met midway")

    # ---- what is there

    def targets(self):
        rows = self.ok("dev", "status", self.dir, "--json").json["targets"]
        return {row["name"]: row for row in rows}

    def pids(self):
        return {name: int(row["pid"]) for name, row in self.targets().items() if row.get("state") == "up"}

    def target_dir(self, target):
        return os.path.join(self.dir, target)

    def object_files(self):
        """Every regular file in which an OST keeps pages."""
        found = []
        for index in range(self.osts):
            for top, _, names in os.walk(os.path.join(self.target_dir("ost%d" % index), "objects")):
                found += [os.path.join(top, name) for name in names]
        return sorted(found)

    def file(self, name):
        """A path for a scratch file of this test."""
        return os.path.join(self.home, name)

    def local(self, name, content):
        path = self.file(name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def new_key(self, name="key", size=64):
        return self.local(name, os.urandom(size))

    def server_counts(self):
        """{"mdt0000": {"Open": 1}, ...}: each server's own counters."""
        servers = {}
        for row in self.ok("stats", "--servers", "--json").json["servers"]:
            servers[row["server"].lower()] = counts_in(row)
        return servers

    def server_counters(self):
        """{"mdt0000": {"sessions": 1}, ...}"""
        rows = self.ok("stats", "--servers", "--json").json["servers"]
        return {row["server"].lower(): {name: int(value) for name, value in row["counters"].items()} for row in rows}

    def entry(self, path):
        """What `stat --json` says."""
        message = self.ok("stat", "--json", path).json
        return message["entries"][0] if "entries" in message else message

    def entries(self, path):
        return self.ok("ls", "--json", "-a", path).json["entries"]

    def agent_socket(self):
        sockets = [path for path in glob.glob(os.path.join(self.runtime, "nacre", "**"), recursive=True)
                   if os.path.exists(path) and not os.path.isdir(path) and not os.path.isfile(path)]
        return sockets[0] if sockets else None

    def agent_pid(self):
        """The process that holds this cluster's keys; None if there is none."""
        pids = processes_that_listen_at(os.path.join(self.runtime, "nacre", ""))
        return pids[0] if pids else None


def main():
    """What each test file ends with: says the seed, so that a failure can be had again with NACRE_SEED=..."""
    print("NACRE_SEED=%d NACRE_EFFORT=%s" % (SEED, "full" if FULL else "ci"), file=sys.stderr, flush=True)
    unittest.main(verbosity=2)
