#!/usr/bin/env python3
"""Decrypts what Nacre encrypted with code that shares nothing with Nacre.

Only AES comes from a library (libcrypto through ctypes: XTS as a mode, single blocks for the rest); HKDF, CBC with
ciphertext stealing, padding and the context are written here from RFC 5869, NIST SP 800-38A (addendum, CS3) and the kernel's
Documentation/filesystems/fscrypt.rst.

  independent_decrypt.py pages      --key-file K --context HEX --size N [FILE]   whole pages (debug raw) -> clear text
  independent_decrypt.py name       --key-file K --context HEX NAME_HEX          HEX: the directory's context
  independent_decrypt.py symlink    --key-file K --context HEX TARGET_HEX        HEX: the symlink's context
  independent_decrypt.py identifier --key-file K                                 the master key's identifier
  independent_decrypt.py self-test  [KERNEL_VECTORS]
"""
import argparse
import ctypes
import ctypes.util
import hashlib
import hmac
import sys

PAGE = 4096
BLOCK = 16
MODE_XTS = 1
MODE_CTS = 4
PADDINGS = (4, 8, 16, 32)


class Wrong(Exception):
    """What was given cannot be right: shown as one line, exit 1."""


# --- AES, from libcrypto ---------------------------------------------------------------------------------------------

def load_libcrypto():
    library = ctypes.CDLL(ctypes.util.find_library("crypto") or "libcrypto.so.3")
    pointer = ctypes.c_void_p
    for name in ("EVP_CIPHER_CTX_new", "EVP_aes_256_xts", "EVP_aes_256_ecb"):
        getattr(library, name).restype = pointer
        getattr(library, name).argtypes = []
    library.EVP_CIPHER_CTX_free.argtypes = [pointer]
    library.EVP_CIPHER_CTX_set_padding.argtypes = [pointer, ctypes.c_int]
    library.EVP_CipherInit_ex.argtypes = [pointer, pointer, pointer, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int]
    library.EVP_CipherUpdate.argtypes = [pointer, ctypes.c_char_p, ctypes.POINTER(ctypes.c_int), ctypes.c_char_p, ctypes.c_int]
    return library


LIBCRYPTO = load_libcrypto()


def aes(mode, key, iv, data, encrypt):
    """mode: "xts" or "ecb". Whole blocks in one call, so nothing is left for a final call."""
    if not data:
        return b""
    cipher = LIBCRYPTO.EVP_aes_256_xts() if mode == "xts" else LIBCRYPTO.EVP_aes_256_ecb()
    context = LIBCRYPTO.EVP_CIPHER_CTX_new()
    try:
        if LIBCRYPTO.EVP_CipherInit_ex(context, cipher, None, key, iv, int(encrypt)) != 1:
            raise Wrong("libcrypto refuses the key")
        LIBCRYPTO.EVP_CIPHER_CTX_set_padding(context, 0)
        out = ctypes.create_string_buffer(len(data) + BLOCK)
        written = ctypes.c_int(0)
        if LIBCRYPTO.EVP_CipherUpdate(context, out, ctypes.byref(written), data, len(data)) != 1 or written.value != len(data):
            raise Wrong("libcrypto could not process %d bytes" % len(data))
        return out.raw[:len(data)]
    finally:
        LIBCRYPTO.EVP_CIPHER_CTX_free(context)


# --- keys ------------------------------------------------------------------------------------------------------------

def hkdf_sha512(secret, info, length):
    extracted = hmac.new(b"\0" * 64, secret, hashlib.sha512).digest()
    out, block, count = b"", b"", 0
    while len(out) < length:
        count += 1
        block = hmac.new(extracted, block + info + bytes([count]), hashlib.sha512).digest()
        out += block
    return out[:length]


def key_identifier(master):
    return hkdf_sha512(master, b"fscrypt\0\x01", 16)


class Context:
    def __init__(self, raw, master):
        if len(raw) != 40:
            raise Wrong("a context is 40 bytes, this has %d" % len(raw))
        if raw[0] != 2:
            raise Wrong("context version %d, not 2" % raw[0])
        if raw[8:24] != key_identifier(master):
            raise Wrong("the key's identifier is %s, the context asks for %s" % (key_identifier(master).hex(), raw[8:24].hex()))
        self.contents_mode, self.names_mode, self.flags = raw[1], raw[2], raw[3]
        self.nonce = raw[24:40]
        self.master = master

    def file_key(self, length):
        return hkdf_sha512(self.master, b"fscrypt\0\x02" + self.nonce, length)

    def contents_key(self):
        if self.contents_mode != MODE_XTS:
            raise Wrong("contents mode %d: only AES-256-XTS (1) is known here" % self.contents_mode)
        return self.file_key(64)

    def names_key(self):
        if self.names_mode != MODE_CTS:
            raise Wrong("names mode %d: only AES-256-CBC-CTS (4) is known here" % self.names_mode)
        return self.file_key(32)

    def padding(self):
        return PADDINGS[self.flags & 3]


# --- contents --------------------------------------------------------------------------------------------------------

def page_iv(number):
    return number.to_bytes(8, "little") + b"\0" * 8


def crypt_pages(context, data, encrypt):
    key = context.contents_key()
    out = []
    for number, at in enumerate(range(0, len(data), PAGE)):
        page = data[at:at + PAGE]
        if not encrypt and page == b"\0" * PAGE:
            out.append(page)  # a hole: debug raw shows zeros
        else:
            out.append(aes("xts", key, page_iv(number), page, encrypt))
    return b"".join(out)


def decrypt_pages(context, data, size):
    if len(data) % PAGE:
        raise Wrong("%d bytes are no whole pages" % len(data))
    if (size + PAGE - 1) // PAGE * PAGE > len(data):
        raise Wrong("%d bytes of pages cannot hold a file of %d" % (len(data), size))
    clear = crypt_pages(context, data, encrypt=False)
    if any(clear[size:(size + PAGE - 1) // PAGE * PAGE]):
        raise Wrong("the last page is not zero beyond the end of the file")
    return clear[:size]


# --- names -----------------------------------------------------------------------------------------------------------

def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def cts_decrypt(key, data):
    """AES-256-CBC-CTS, variant CS3, zero IV."""
    if len(data) < BLOCK:
        raise Wrong("%d bytes: a name's ciphertext has at least 16" % len(data))
    rest = len(data) % BLOCK or BLOCK
    blocks = [data[at:at + BLOCK] for at in range(0, len(data), BLOCK)]
    if len(blocks) > 1:  # undo the swap; steal back what the last block lent
        full, stolen = blocks[-2], blocks[-1]
        lent = aes("ecb", key, None, full, False)[rest:]
        blocks[-2:] = [stolen + lent, full]
    clear, before = b"", b"\0" * BLOCK
    for block in blocks:
        clear += xor(aes("ecb", key, None, block, False), before)
        before = block
    return clear[:len(data)]


def cts_encrypt(key, data):
    padded = data + b"\0" * (-len(data) % BLOCK)
    blocks, before = [], b"\0" * BLOCK
    for at in range(0, len(padded), BLOCK):
        before = aes("ecb", key, None, xor(padded[at:at + BLOCK], before), True)
        blocks.append(before)
    if len(blocks) > 1:
        blocks[-2:] = [blocks[-1], blocks[-2]]
    return b"".join(blocks)[:len(data)]


def decrypt_name(context, data):
    return cts_decrypt(context.names_key(), data).rstrip(b"\0")


def encrypt_name(context, name, most=255):
    length = max(len(name), BLOCK)
    length = min((length + context.padding() - 1) // context.padding() * context.padding(), most)
    return cts_encrypt(context.names_key(), name + b"\0" * (length - len(name)))


def decrypt_symlink(context, data):
    length = int.from_bytes(data[:2], "little")
    if len(data) < 2 + length:
        raise Wrong("a symlink of %d bytes cannot hold %d" % (len(data), length))
    return decrypt_name(context, data[2:2 + length])


def encrypt_symlink(context, target):
    cipher = encrypt_name(context, target, most=4096 - 3)
    return len(cipher).to_bytes(2, "little") + cipher


# --- self-test -------------------------------------------------------------------------------------------------------

def pattern_name(length):
    letters = b"abcdefghijklmnopqrstuvwxyz-0123456789_ABCDEFGHIJKLMNOPQRSTUVWXYZ."
    return bytes(letters[(i + i // 64) % len(letters)] for i in range(length))


def pattern_contents(length):
    out, state = bytearray(), 1
    for _ in range(length):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        out.append(state >> 56)
    return bytes(out)


def recorded(data):
    """The vectors' form: hex, or '#' and the SHA-256 of what is longer than 64 bytes, or '-'."""
    if not data:
        return "-"
    return data.hex() if len(data) <= 64 else "#" + hashlib.sha256(data).hexdigest()


def check_fact(kind, master, directory, fields):
    """One line of the kernel's facts, there and back."""
    if kind == "name":
        clear = pattern_name(int(fields[0]))
        cipher = encrypt_name(directory, clear)
        return recorded(cipher) == fields[1] and decrypt_name(directory, cipher) == clear
    context = Context(bytes.fromhex(fields[0]), master)
    if kind == "symlink":
        clear = pattern_name(int(fields[1]))
        cipher = encrypt_symlink(context, clear)
        return recorded(cipher) == fields[2] and decrypt_symlink(context, cipher) == clear
    clear = pattern_contents(int(fields[1]))
    cipher = crypt_pages(context, clear + b"\0" * (-len(clear) % PAGE), encrypt=True)
    return recorded(cipher) == fields[2] and decrypt_pages(context, cipher, len(clear)) == clear


def check_kernel_vectors(path):
    master, directory, counts, wrong = b"", None, {}, []
    with open(path, encoding="ascii") as facts:
        for number, line in enumerate(facts, 1):
            kind, *fields = line.split()
            if kind == "master":
                master = bytes.fromhex(fields[0])
            elif kind == "directory":
                directory = Context(bytes.fromhex(fields[0]), master)
            elif kind in ("name", "file", "symlink"):
                counts[kind] = counts.get(kind, 0) + 1
                if not check_fact(kind, master, directory, fields):
                    wrong.append("%s:%d: %s differs" % (path, number, kind))
    if set(counts) != {"name", "file", "symlink"}:
        wrong.append("%s: no %s" % (path, ", ".join({"name", "file", "symlink"} - set(counts))))
    print("kernel facts: %s" % counts)
    return wrong


def self_test(vectors):
    wrong = []

    def expect(what, held):
        if not held:
            wrong.append(what)

    # RFC 5869 has no SHA-512 case; this one is the kernel's identifier of the key 01 02 .. 40.
    expect("identifier", key_identifier(bytes(range(1, 65))).hex() == "69b2f6edeee720cce0577937eb8a6751")
    # IEEE 1619-2007, vector 10: XTS-AES-256, data unit ff.
    key = bytes.fromhex("27182818284590452353602874713526624977572470936999595749669676273141592653589793238462643383279502884197169399375105820974944592")
    clear = bytes(range(256)) * 2
    expect("XTS", aes("xts", key, page_iv(0xff), clear, True)[:16].hex() == "1c3b3a102f770386e4836c99e370cf9b")
    for length in range(16, 70):
        data = pattern_name(length)
        expect("CTS %d" % length, cts_decrypt(b"k" * 32, cts_encrypt(b"k" * 32, data)) == data)
    master = bytes(range(64))
    context = Context(bytes([2, 1, 4, 3, 0, 0, 0, 0]) + key_identifier(master) + b"n" * 16, master)
    cipher = crypt_pages(context, b"x" * PAGE, encrypt=True)
    expect("a hole stays a hole", decrypt_pages(context, cipher + b"\0" * PAGE, 2 * PAGE) == b"x" * PAGE + b"\0" * PAGE)
    expect("a changed fact is noticed", not check_fact("name", master, context, ["3", "00" * 16]))
    for what, call in (
            ("a wrong key is refused", lambda: Context(bytes.fromhex("02010403") + bytes(36), master)),
            ("a cut page is refused", lambda: decrypt_pages(context, cipher[:-1], 5)),
            ("clear text beyond the end is noticed", lambda: decrypt_pages(context, cipher, 5)),
            ("a short name is refused", lambda: decrypt_name(context, b"short"))):
        try:
            call()
            wrong.append(what)
        except Wrong:
            pass
    if vectors:
        wrong += check_kernel_vectors(vectors)
    for what in wrong:
        print("FAILED: " + what, file=sys.stderr)
    return 1 if wrong else 0


# --- command line ----------------------------------------------------------------------------------------------------

def read_key(path):
    with open(path, "rb") as key_file:
        master = key_file.read()
    if not 32 <= len(master) <= 64:
        raise Wrong("%s: a master key has 32 to 64 bytes, not %d" % (path, len(master)))
    return master


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("pages", "name", "symlink", "identifier", "self-test"))
    parser.add_argument("input", nargs="?", help="FILE for pages (default: stdin), HEX for names")
    parser.add_argument("--key-file")
    parser.add_argument("--context", help="40 bytes in hex")
    parser.add_argument("--size", type=int, help="the file's size in bytes")
    arguments = parser.parse_args()
    needs = {"pages": ("key_file", "context", "size"), "name": ("key_file", "context", "input"),
             "symlink": ("key_file", "context", "input"), "identifier": ("key_file",), "self-test": ()}
    for name in needs[arguments.what]:
        if getattr(arguments, name) is None:
            parser.error("%s needs --%s" % (arguments.what, name.replace("_", "-")))
    return arguments


def run(arguments):
    master = read_key(arguments.key_file)
    if arguments.what == "identifier":
        return key_identifier(master).hex().encode() + b"\n"
    context = Context(bytes.fromhex(arguments.context), master)
    if arguments.what == "name":
        return decrypt_name(context, bytes.fromhex(arguments.input)) + b"\n"
    if arguments.what == "symlink":
        return decrypt_symlink(context, bytes.fromhex(arguments.input)) + b"\n"
    if arguments.input:
        with open(arguments.input, "rb") as pages:
            return decrypt_pages(context, pages.read(), arguments.size)
    return decrypt_pages(context, sys.stdin.buffer.read(), arguments.size)


def main():
    arguments = parse_arguments()
    if arguments.what == "self-test":
        return self_test(arguments.input)
    try:
        sys.stdout.buffer.write(run(arguments))
        return 0
    except (Wrong, ValueError, OSError) as fault:
        print("independent_decrypt: %s" % fault, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
