"""A tree with everything that can go wrong in a copy, and a comparison that says what differs."""

import os
import random
import stat

LONG_NAME = "n" * 255
ODD_NAMES = [
    b"a b", b"new\nline", b"tab\tname", b"'single'", b'"double"', b"back\\slash", b"$HOME", b"*", b"-dash", b"--",
    "gr\u00fc\u00df-\u0416-\u6f22\u5b57-\U0001f41a".encode(), b"\xff\xfe-not-utf-8", b"\x01\x7f", b" ", b".hidden", b"...",
    LONG_NAME.encode(), ("\u00e4" * 127 + "x").encode(),
]


def write_file(path, content):
    with open(path, "wb") as file:
        file.write(content)


def make_sparse(path, size, chunks):
    with open(path, "wb") as file:
        file.truncate(size)
        for offset, content in chunks:
            file.seek(offset)
            file.write(content)


def set_times(path, rng):
    # Before 1970, now, and beyond 2038, all with nanoseconds.
    seconds = rng.choice([-86400 * 365, 1, 1_600_000_000, 1_700_000_000, 5_000_000_000])
    moment = seconds * 10**9 + rng.randrange(10**9)
    os.utime(path, ns=(moment + 1, moment), follow_symlinks=False)


def make_tree(top, seed):
    """`top` (str) is made. Returns what was made as paths relative to it (bytes)."""
    rng = random.Random(seed)
    root = os.fsencode(top)
    os.mkdir(root)
    join = lambda *parts: os.path.join(root, *parts)  # noqa: E731
    for directory in (b"empty", b"odd", b"modes", b"links", b"sizes", b"deep", b"sparse", b"attributes"):
        os.mkdir(join(directory))
    write_file(join(b"empty-file"), b"")
    for name in ODD_NAMES:
        write_file(join(b"odd", name), b"content of " + name)
        os.mkdir(join(b"odd", b"d" + name[:254]))
        write_file(join(b"odd", b"d" + name[:254], b"inside"), name)
    for mode in (0o000, 0o400, 0o644, 0o755, 0o777, 0o4755, 0o2750, 0o1777, 0o111):
        write_file(join(b"modes", b"f%04o" % mode), b"%o" % mode)
        os.mkdir(join(b"modes", b"d%04o" % mode))
    for size in (0, 1, 15, 16, 4095, 4096, 4097, 8191, 8192, 8193, 65536, 1048575, 1048576, 1048577, 3 * 1048576 + 5):
        write_file(join(b"sizes", b"%d" % size), rng.randbytes(size))
    path = root
    for depth in range(30):
        path = os.path.join(path, b"deep" if depth == 0 else b"level-%d" % depth)
        os.makedirs(path, exist_ok=True)
    write_file(os.path.join(path, b"bottom"), b"the bottom")
    make_links(join)
    make_sparse(join(b"sparse", b"hole-first"), 8 << 20, [((8 << 20) - 10, b"0123456789")])
    make_sparse(join(b"sparse", b"hole-last"), 8 << 20, [(0, b"begin")])
    make_sparse(join(b"sparse", b"holes-between"), 16 << 20, [(i << 21, rng.randbytes(5000)) for i in range(8)])
    make_sparse(join(b"sparse", b"only-hole"), (5 << 20) + 123, [])
    write_file(join(b"sparse", b"written-zeros"), bytes(1 << 20))
    write_file(join(b"attributes", b"file"), b"has attributes")
    os.setxattr(join(b"attributes", b"file"), b"user.short", b"value")
    os.setxattr(join(b"attributes", b"file"), b"user.binary", bytes(range(256)))
    os.setxattr(join(b"attributes", b"file"), b"user.empty", b"")
    os.setxattr(join(b"attributes"), b"user.of-a-directory", b"x" * 1000)
    made = sorted(walk(root))
    for name in made:
        set_modes_and_times(os.path.join(root, name), rng)
    return made


def make_links(join):
    for name, target in ((b"relative", b"../empty-file"), (b"absolute", b"/etc/hostname"), (b"dangling", b"no/such/place"),
                         (b"to-itself", b"to-itself"), (b"long", b"t" * 1000), (b"longest", b"../" + b"p/" * 1500 + b"end"),
                         (b"odd-bytes", b"\xfe\xff \n'\"")):
        os.symlink(target, join(b"links", name))
    write_file(join(b"links", b"first"), b"one file, three names")
    os.link(join(b"links", b"first"), join(b"links", b"second"))
    os.link(join(b"links", b"first"), join(b"odd", b"third"))


def set_modes_and_times(path, rng):
    info = os.lstat(path)
    parent, name = os.path.split(path)
    if os.path.basename(parent) == b"modes":
        os.chmod(path, int(name[1:], 8))
    if not stat.S_ISDIR(info.st_mode):
        set_times(path, rng)
    else:
        os.utime(path, ns=(7, 1_234_567_890_123_456_789))


def walk(root):
    """Every name below root, children before their directory."""
    for top, directories, files in os.walk(root, topdown=False):
        for name in directories + files:
            yield os.path.relpath(os.path.join(top, name), root)


def describe(path):
    """What must be the same in a copy."""
    info = os.lstat(path)
    facts = {"mode": oct(info.st_mode), "mtime": info.st_mtime_ns, "uid": info.st_uid, "gid": info.st_gid}
    if stat.S_ISLNK(info.st_mode):
        facts["target"] = os.readlink(path)
        return facts
    facts["xattrs"] = {name: os.getxattr(path, name) for name in sorted(os.listxattr(path)) if name.startswith("user.")}
    if stat.S_ISREG(info.st_mode):
        facts["size"], facts["nlink"] = info.st_size, info.st_nlink
    return facts


def content_differs(left, right):
    with open(left, "rb") as one, open(right, "rb") as two:
        while True:
            a, b = one.read(1 << 20), two.read(1 << 20)
            if a != b:
                return True
            if not a:
                return False


def link_groups(root):
    groups = {}
    for name in walk(root):
        info = os.lstat(os.path.join(root, name))
        if stat.S_ISREG(info.st_mode) and info.st_nlink > 1:
            groups.setdefault((info.st_dev, info.st_ino), []).append(name)
    return sorted(sorted(names) for names in groups.values())


def hole_bytes(path):
    """How much of a file lies in holes, as the kernel sees it."""
    info = os.stat(path)
    if info.st_size == 0:
        return 0
    data = 0
    with open(path, "rb") as file:
        offset = 0
        while offset < info.st_size:
            try:
                begin = os.lseek(file.fileno(), offset, os.SEEK_DATA)
            except OSError:
                break
            offset = os.lseek(file.fileno(), begin, os.SEEK_HOLE)
            data += offset - begin
    return info.st_size - data


def differences(left, right):
    """Two trees (str): a list of what differs; empty if right is a faithful copy of left."""
    one, two = os.fsencode(left), os.fsencode(right)
    names, others = set(walk(one)), set(walk(two))
    found = ["only left: %r" % name for name in sorted(names - others)]
    found += ["only right: %r" % name for name in sorted(others - names)]
    for name in sorted(names & others):
        a, b = os.path.join(one, name), os.path.join(two, name)
        facts, copy = describe(a), describe(b)
        for key in facts:
            if facts[key] != copy.get(key):
                found.append("%r: %s %r became %r" % (name, key, facts[key], copy.get(key)))
        if "size" not in facts or facts["size"] != copy.get("size"):
            continue
        if content_differs(a, b):
            found.append("%r: content" % name)
        holes = hole_bytes(a)
        if holes and hole_bytes(b) < holes * 9 // 10 - 65536:
            found.append("%r: holes of %d bytes became %d" % (name, holes, hole_bytes(b)))
    if link_groups(one) != link_groups(two):
        found.append("hard links: %r became %r" % (link_groups(one), link_groups(two)))
    return found
