"""A cluster of the release build's processes, for benchmarks that drive one."""
import json
import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BIN = os.environ.get("NACRE_BIN", os.path.join(ROOT, "build/release/bin"))


class Cluster:
    def __init__(self, directory, osts=1, programs=BIN):
        self.directory, self.programs = directory, programs
        self.nacre("dev", "up", directory, "--osts", str(osts))
        self.mds_address = self.targets()["mdt0"]["address"]

    def nacre(self, *args):
        config = os.path.join(self.directory, "client.toml")
        return subprocess.run([os.path.join(self.programs, "nacre"), *args], env=dict(os.environ, NACRE_CONFIG=config), check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True).stdout

    def configure(self, target, option, value):
        """From its next start on."""
        with open(os.path.join(self.directory, "etc", target + ".toml"), "a", encoding="utf-8") as options:
            options.write('%s = "%s"\n' % (option, value))

    def restart(self, target):
        self.nacre("dev", "stop", self.directory, target)
        self.nacre("dev", "start", self.directory, target)

    def targets(self):
        return {row["name"]: row for row in json.loads(self.nacre("dev", "status", self.directory, "--json"))["targets"]}

    def load(self, program, *args, **options):
        """One of bench/'s programs that are clients of this cluster, started."""
        return subprocess.Popen([os.path.join(self.programs, program), *map(str, args)], env=dict(os.environ, NACRE_MDS=self.mds_address),
                                stdout=subprocess.PIPE, text=True, **options)

    def down(self):
        self.nacre("dev", "down", self.directory, "--wipe")
