"""scripts/bundle, and scripts/install from it where there is no network; bundles that nobody should believe."""

from __future__ import annotations

import hashlib
import io
import os
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.device.installing import ROOT, Checkout, Done, Place, llama_build, run

UNPACK = ROOT / "scripts/lib/unpack.py"
TOP = "appliance-1.0.0-x86_64"
FILES = {"scripts/install": b"#!/bin/sh\n", "wheels/a.whl": b"wheel" * 1000}


@dataclass(frozen=True, slots=True)
class Keys:
    """A pair of keys of a site."""

    private: Path
    public: Path


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("keys"))


def make_keys(folder: Path) -> Keys:
    keys = Keys(folder / "private.pem", folder / "public.pem")
    assert run("openssl", "genpkey", "-algorithm", "ed25519", "-out", keys.private).returncode == 0
    assert run("openssl", "pkey", "-in", keys.private, "-pubout", "-out", keys.public).returncode == 0
    return keys


def member(name: str, content: bytes, kind: bytes = tarfile.REGTYPE) -> tuple[tarfile.TarInfo, bytes]:
    described = tarfile.TarInfo(name)
    described.size, described.type = len(content), kind
    return described, content


def small_bundle(folder: Path, keys: Keys, *more: tuple[tarfile.TarInfo, bytes], **changed: bytes) -> Path:
    """Write a signed bundle of a few bytes; `changed` files have another content than their list says."""
    listed = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in FILES.items())
    sums, signature = folder / "sums", folder / "signature"
    sums.write_text(listed)
    run("openssl", "pkeyutl", "-sign", "-rawin", "-inkey", keys.private, "-in", sums, "-out", signature)
    content = {"SHA256SUMS": sums.read_bytes(), "SHA256SUMS.sig": signature.read_bytes(), **FILES}
    content |= {name.replace("__", "/").replace("_whl", ".whl"): data for name, data in changed.items()}
    bundle = folder / "bundle.tar"
    with tarfile.open(bundle, "w") as archive:
        for described, data in [*(member(f"{TOP}/{name}", data) for name, data in content.items() if data), *more]:
            archive.addfile(described, io.BytesIO(data))
    return bundle


def unpack(bundle: Path, folder: Path, *key: Path) -> Done:
    folder.mkdir(exist_ok=True)
    return run(sys.executable, "-I", UNPACK, bundle, folder, *key)


def test_a_genuine_bundle_is_unpacked(tmp_path: Path, keys: Keys) -> None:
    result = unpack(small_bundle(tmp_path, keys), tmp_path / "to", keys.public)
    assert (result.returncode, result.stdout) == (0, f"{tmp_path}/to/{TOP}\n"), result.stderr
    assert (tmp_path / "to" / TOP / "wheels/a.whl").read_bytes() == FILES["wheels/a.whl"]


@pytest.mark.parametrize(
    ("more", "changed", "why"),
    [
        ([], {"wheels__a_whl": b"Wheel" * 1000}, "another checksum"),
        ([], {"wheels__a_whl": b""}, "1 files are missing, such as wheels/a.whl"),
        ([member(f"{TOP}/wheels/b.whl", b"more")], {}, "wheels/b.whl is not in its list"),
        ([member(f"{TOP}/../../evil", b"out")], {}, "lies outside"),
        ([member("/tmp/evil", b"out")], {}, "lies outside"),  # noqa: S108 - what an attacker would write
        ([member("another/evil", b"out")], {}, "lies outside"),
        ([member(f"{TOP}/link", b"", tarfile.SYMTYPE)], {}, "neither a file nor a folder"),
        ([member(f"{TOP}/link", b"", tarfile.LNKTYPE)], {}, "neither a file nor a folder"),
        ([member(f"{TOP}/device", b"", tarfile.BLKTYPE)], {}, "neither a file nor a folder"),
        ([member(f"{TOP}/wheels/a.whl", FILES["wheels/a.whl"])], {}, "wheels/a.whl is not in its list"),
        ([], {"SHA256SUMS.sig": b"x" * 64}, "not signed by the key"),
        ([], {"SHA256SUMS": b"0" * 64 + b"  scripts/install\n"}, "not signed by the key"),
        ([], {"SHA256SUMS": b""}, "does not begin with SHA256SUMS"),
    ],
)
def test_a_bundle_that_was_changed_is_refused(
    tmp_path: Path, keys: Keys, more: list[tuple[tarfile.TarInfo, bytes]], changed: dict[str, bytes], why: str
) -> None:
    result = unpack(small_bundle(tmp_path, keys, *more, **changed), tmp_path / "to", keys.public)
    assert result.returncode == 4
    assert why in result.stderr
    assert list((tmp_path / "to").iterdir()) == [], "nothing of it is left"
    assert not (tmp_path / "evil").exists()


def test_no_byte_less(tmp_path: Path, keys: Keys) -> None:
    whole = small_bundle(tmp_path, keys).read_bytes()
    end = whole.rindex(b"wheel") + 5
    cut = tmp_path / "cut.tar"
    for size in (0, 1, 511, 512, 513, 700, 1024, 2000, 3000, end - 4000, end - 1):
        cut.write_bytes(whole[:size])
        assert unpack(cut, tmp_path / "to", keys.public).returncode == 4, size
        assert list((tmp_path / "to").iterdir()) == []


def test_another_key_is_refused(tmp_path: Path, keys: Keys) -> None:
    (tmp_path / "other").mkdir()
    result = unpack(small_bundle(tmp_path, keys), tmp_path / "to", make_keys(tmp_path / "other").public)
    assert result.returncode == 4
    assert "not signed by the key" in result.stderr


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory, keys: Keys) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    checkout = Checkout.copy(folder / "check out")
    checkout.become("1.0.0")
    out = folder / "appliance.tar"
    options = ("--llama", llama_build(), "--sign", str(keys.private), "--out", str(out))
    made = run(checkout.folder / "scripts/bundle", *options)
    assert made.returncode == 0, made.stderr
    assert (folder / "appliance.tar.pub.pem").read_text() == keys.public.read_text()
    return out


def without_network(place: Place, bundle: Path, *options: str | Path) -> Done:
    """Install as the administrator does who has nothing but the archive, in a namespace that has no route."""
    home = place.prefix.parent / "home"
    scripts = place.prefix.parent / "scripts"
    scripts.mkdir(exist_ok=True)
    with tarfile.open(bundle, "r|") as archive:
        top = next(iter(archive)).name.partition("/")[0]
    assert run("tar", "-xf", bundle, "-C", scripts, f"{top}/scripts").returncode == 0
    user = () if os.geteuid() == 0 else ("-r",)
    command = ("unshare", "-n", *user, scripts / top / "scripts/install", "--prefix", place.prefix, "--bundle", bundle)
    return run(*command, *options, environment={"HOME": str(home), "UV_CACHE_DIR": str(home / "uv")})


@pytest.mark.models
def test_installed_without_any_network(tmp_path: Path, bundle: Path, keys: Keys) -> None:
    place = Place(tmp_path / "machine")
    result = without_network(place, bundle, "--key", keys.public)
    assert result.returncode == 0, result.stderr
    assert place.appliance("--version").stdout == "appliance 1.0.0\n"
    assert place.appliance("models", "verify").returncode == 0
    assert "self-test: llama.cpp works" in result.stderr
    assert (place.etc / "bundle.pub").read_text() == keys.public.read_text()
    assert not (place.prefix / "var/lib/appliance-unpacked").exists()

    before = place.snapshot()
    with bundle.open("r+b") as file:
        file.seek(1_000_000)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))
    refused = without_network(place, bundle)
    assert refused.returncode == 4
    assert "another checksum than its list says" in refused.stderr
    assert place.snapshot() == before
