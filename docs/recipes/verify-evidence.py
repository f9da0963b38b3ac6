#!/usr/bin/env python3
"""Checks evidence packs of EventFhir without the server: python3 verify-evidence.py [--key KEY]... PACK...

Needs Python 3.8 or later and nothing else. KEY is a line of keys.txt that came another way than with the pack; without it the keys of the pack are
believed, which shows only that the pack is whole. One line for each pack on stdout, and 1 as exit code if any is refused.
The formats are in docs/proof.md; this program shares no code with the server."""
import base64
import hashlib
import json
import re
import struct
import sys
import zlib

# The curve P-256: y^2 = x^3 - 3x + B over the field of P, with the base point G of order N (FIPS 186-4, D.1.2.3).
P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff
N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b
G = (0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
     0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5)
SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")


class Refused(Exception):
    """The pack does not prove what it says."""


def need(condition, why):
    if not condition:
        raise Refused(why)


def inverse(number, modulus):
    return pow(number, modulus - 2, modulus)


def add(left, right):
    """The sum of two points; None is the point at infinity."""
    if left is None or right is None:
        return left or right
    (x1, y1), (x2, y2) = left, right
    if x1 == x2 and (y1 + y2) % P == 0:
        return None
    slope = (3 * x1 * x1 - 3) * inverse(2 * y1, P) if left == right else (y2 - y1) * inverse(x2 - x1, P)
    x = (slope * slope - x1 - x2) % P
    return x, (slope * (x1 - x) - y1) % P


def multiply(factor, point):
    product = None
    while factor:
        if factor & 1:
            product = add(product, point)
        point, factor = add(point, point), factor >> 1
    return product


def der_integers(signature):
    """The two numbers of an ECDSA signature in DER, in its only form."""
    numbers, rest = [], signature[2:]
    need(signature[:1] == b"\x30" and len(signature) >= 8 and signature[1] == len(rest), "a signature is not in DER")
    for _ in range(2):
        need(len(rest) > 2 and rest[0] == 2 and 0 < rest[1] <= len(rest) - 2, "a signature is not in DER")
        digits, rest = rest[2:2 + rest[1]], rest[2 + rest[1]:]
        need(digits[0] < 128 and (len(digits) == 1 or digits[0] > 0 or digits[1] >= 128), "a signature is not in DER")
        numbers.append(int.from_bytes(digits, "big"))
    need(not rest, "a signature is not in DER")
    return numbers


def is_signed(key, text, signature):
    """ECDSA with SHA-256 (FIPS 186-4, 6.4). The key is DER, SubjectPublicKeyInfo with an uncompressed point."""
    need(len(key) == 91 and key.startswith(SPKI + b"\x04"), "a key is not one of the curve P-256")
    point = int.from_bytes(key[27:59], "big"), int.from_bytes(key[59:], "big")
    x, y = point
    need(x < P and y < P and (y * y - (x * x * x - 3 * x + B)) % P == 0, "a key is not a point of the curve")
    r, s = der_integers(signature)
    if not (0 < r < N and 0 < s < N):
        return False
    digest, w = int.from_bytes(hashlib.sha256(text).digest(), "big"), inverse(s, N)
    found = add(multiply(digest * w % N, G), multiply(r * w % N, point))
    return found is not None and found[0] % N == r


def decoded(text):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Refused("something is not base 64") from None
    need(base64.b64encode(data).decode() == text, "something is not base 64 in its usual form")
    return data


def read_key(line):
    """A key as one line, name+id+base64 (C2SP signed-note)."""
    parts = line.split("+", 2)
    need(len(parts) == 3, "a key is not one")
    data = decoded(parts[2])
    need(data[:1] == b"\x02" and hashlib.sha256(data[1:]).hexdigest()[:8] == parts[1], "a key does not have its id")
    return parts[0], bytes.fromhex(parts[1]), data[1:]


def read_note(note, keys, trusted):
    """The text of a signed note; every signature on it has to be of a known key and right, one of them of a trusted key (C2SP signed-note)."""
    text, separator, lines = note.decode().rpartition("\n\n")
    text += "\n"
    need(separator and lines.endswith("\n"), "a note has no signature")
    signed_by = []
    for line in lines[:-1].split("\n"):
        match = re.fullmatch("\u2014 ([^ ]+) ([^ ]+)", line)
        need(match, "a signature line is not one")
        signature = decoded(match[2])
        known = [key for key in keys if key[0] == match[1] and key[1] == signature[:4]]
        need(known, "a signature is of a key that is not known")
        signed_by += [key for key in known if is_signed(key[2], text.encode(), signature[4:])]
        need(signed_by and signed_by[-1] in known, "a signature is wrong")
    need(any(key in trusted for key in signed_by), "none of the keys you gave has signed")
    return text


def read_zip(data):
    """The files of an archive in the only form that EventFhir writes; every byte of it counts."""
    files, directory, offset = {}, b"", 0
    while data[offset:offset + 4] == b"PK\x03\x04":
        need(len(data) >= offset + 30, "the archive is cut")
        facts = data[offset + 4:offset + 30]
        size, name_size = struct.unpack_from("<I", facts, 14)[0], struct.unpack_from("<H", facts, 22)[0]
        name = data[offset + 30:offset + 30 + name_size]
        content = data[offset + 30 + name_size:offset + 30 + name_size + size]
        need(facts == struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 33, zlib.crc32(content), size, len(content), len(name), 0), "the archive is damaged")
        need(name and name.decode("ascii") not in files, "a file is in the archive twice")
        files[name.decode("ascii")] = content
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + facts + bytes(10) + struct.pack("<I", offset) + name
        offset += 30 + name_size + size
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, len(files), len(files), len(directory), offset, 0)
    need(data[offset:] == directory + end, "the archive's directory is damaged")
    return files


def root_of(record, index, size, path):
    """The root of the tree to which a path leads (RFC 9162, 2.1.3.2)."""
    need(0 <= index < size, "a leaf lies behind the end of the tree")
    place, last, node = index, size - 1, hashlib.sha256(b"\x00" + record).digest()
    for sibling in path:
        need(last, "a path is too long")
        if place & 1 or place == last:
            node = hashlib.sha256(b"\x01" + sibling + node).digest()
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\x01" + node + sibling).digest()
        place, last = place >> 1, last >> 1
    need(last == 0, "a path is too short")
    return node


def check_version(files, number, resource, checkpoint, size, root):
    """One version; gives its position, its kind and whether it has been erased."""
    path = f"versions/{number}"
    record = files[path + ".leaf"]
    lines = record.decode().split("\n")
    names = ["position", "event", "stream", "version", "kind", "recorded", "transaction", "origin", "body", "storage"]
    need(lines[0] == "eventfhir-leaf/1" and lines[-1] == "" and len(lines) == len(names) + 2, f"the record of version {number} is not one")
    need(all(line.startswith(name + " ") for name, line in zip(names, lines[1:])), f"the record of version {number} is not one")
    facts = {name: line[len(name) + 1:] for name, line in zip(names, lines[1:])}
    need(facts["version"] == str(number) and facts["stream"].split("/", 1)[1] == resource, f"the record of version {number} is of another one")

    proof, _, signed = files[path + ".tlog-proof"].decode().partition("\n\n")
    head, index, *hashes = proof.split("\n")
    need(signed.encode() == checkpoint, f"the proof of version {number} has another checkpoint")
    need(head == "c2sp.org/tlog-proof@v1" and index == f"index {int(facts['position']) - 1}", f"the proof of version {number} is of another leaf")
    path_hashes = [decoded(text) for text in hashes]
    need(root_of(record, int(facts["position"]) - 1, size, path_hashes) == root, f"version {number} is not in the tree")

    origin = files[path + ".origin"]
    need(origin.decode().split("\n")[0] == facts["event"], f"the origin of version {number} is that of another event")
    need(hashlib.sha256(origin).hexdigest() == facts["origin"], f"the origin of version {number} is not that of the record")
    salt, body = files.get(path + ".salt"), files.get(path + ".json")
    if salt is None:
        need(body is None, f"version {number} has a body and no salt")
        return int(facts["position"]), facts["kind"], True
    need(hashlib.sha256(salt + (body or b"")).hexdigest() == facts["body"], f"version {number} is not what was stored")
    if body is not None:
        content = json.loads(body)
        need(f"{content['resourceType']}/{content['id']}" == resource, f"version {number} is of another resource")
        need(content["meta"]["versionId"] == str(number), f"version {number} carries another number")
    return int(facts["position"]), facts["kind"], False


def check(data, pinned):
    """A sentence on what the pack proves; Refused if it does not."""
    files = read_zip(data)
    keys = [read_key(line) for line in files["keys.txt"].decode().split("\n")[:-1]]
    trusted = [read_key(line) for line in pinned] or keys
    manifest = read_note(files["manifest.txt"], keys, trusted).split("\n")
    need(manifest[0] == "eventfhir-evidence/1" and manifest[1].startswith("resource ") and manifest[-1] == "", "the manifest is not one")
    listed = dict(reversed(line.split(" ", 1)) for line in manifest[3:-1])
    need(listed.keys() | {"manifest.txt"} == files.keys(), "the manifest names other files")
    for name, digest in listed.items():
        need(hashlib.sha256(files[name]).hexdigest() == digest, f"{name} is not what the manifest says")

    resource = manifest[1][len("resource "):]
    origin, size, root, rest = read_note(files["checkpoint.txt"], keys, trusted).split("\n")
    need(not rest and str(int(size)) == size, "the checkpoint is not one")
    numbers = sorted(int(name[9:-5]) for name in files if re.fullmatch(r"versions/[1-9]\d*\.leaf", name))
    need(numbers == list(range(1, len(numbers) + 1)) and numbers, "versions are missing")
    checked = [check_version(files, number, resource, files["checkpoint.txt"], int(size), decoded(root)) for number in numbers]
    positions = [position for position, _, _ in checked]
    need(positions == sorted(set(positions)), "the versions are not in the order of the log")
    erased = [number for number, (_, _, is_erased) in zip(numbers, checked) if is_erased]
    if erased:
        need(any(kind == "5" for _, kind, _ in checked[max(erased) - 1:]), "a body is missing without an erasure")
    known = sum(len(files.get(f"versions/{number}{ending}", b"")) > 0 for number in numbers for ending in (".leaf", ".origin", ".tlog-proof", ".salt", ".json"))
    need(known + 4 == len(files), "there are files that belong to no version")
    note = f", {len(erased)} of them erased" if erased else ""
    return f"{resource}: {len(numbers)} version(s){note}, in {origin} of size {size}" + ("" if pinned else "; keys were not compared")


def main(arguments):
    pinned, packs = [], []
    while arguments:
        argument = arguments.pop(0)
        if argument == "--key" and arguments:
            pinned.append(arguments.pop(0))
        else:
            packs.append(argument)
    if not packs:
        sys.exit(__doc__)
    failed = False
    for pack in packs:
        try:
            with open(pack, "rb") as file:
                print(f"{pack}: proven: {check(file.read(), pinned)}")
        except (Refused, ValueError, KeyError, IndexError, TypeError, struct.error) as problem:
            failed = True
            print(f"{pack}: REFUSED: {problem if isinstance(problem, Refused) else 'it is damaged'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
