"""The filter of system calls, run here as the kernel would run it."""

import errno
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardboard.eval.sandbox.walls.syscalls import MACHINES, program, sha256

ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOW, KILL = "allow", "kill"
# Numbers of x86_64 and aarch64, from the kernel's tables.
READ, WRITE, OPENAT, EXECVE = (0, 63), (1, 64), (257, 56), (59, 221)
KEYCTL, PTRACE, MOUNT, UNSHARE = (250, 219), (101, 117), (165, 40), (272, 97)
CLONE, CLONE3, IOCTL, MMAP, SOCKET = (56, 220), (435, 435), (16, 29), (9, 222), (41, 198)
PERSONALITY, FUTEX, STATX = (135, 92), (202, 98), (332, 291)


def verdict(machine: str, number: int, *arguments: int, arch: int | None = None) -> str:
    """Return what the filter answers to a call: allow, kill, or the name of an error."""
    padded = (*arguments, *(0 for _ in range(6 - len(arguments))))
    data = struct.pack("<IIQ6Q", number, ARCH[machine] if arch is None else arch, 0, *padded)
    code = [*struct.iter_unpack("<HBBI", program(machine))]
    at = value = 0
    for _ in range(len(code)):
        what, yes, no, constant = code[at]
        at += 1
        if what == 0x20:
            (value,) = struct.unpack_from("<I", data, constant)
        elif what == 0x54:
            value &= constant
        elif what == 0x06:
            if constant & 0xFFFF0000 == 0x00050000:
                return errno.errorcode[constant & 0xFFFF]
            return {0x7FFF0000: ALLOW, 0x80000000: KILL}[constant]
        else:
            tests = {
                0x15: value == constant,
                0x25: value > constant,
                0x35: value >= constant,
                0x45: bool(value & constant),
            }
            at += yes if tests[what] else no
    raise AssertionError("the program has no end")


every_machine = pytest.mark.parametrize("machine", MACHINES)


def on(machine: str, numbers: tuple[int, int]) -> int:
    return numbers[MACHINES.index(machine)]


@every_machine
@pytest.mark.parametrize("call", [READ, WRITE, OPENAT, EXECVE, FUTEX, STATX])
def test_what_programs_live_on_is_allowed(machine: str, call: tuple[int, int]) -> None:
    assert verdict(machine, on(machine, call), 1, 2, 3) == ALLOW


@every_machine
@pytest.mark.parametrize("call", [KEYCTL, PTRACE, MOUNT, UNSHARE])
def test_what_no_shell_needs_is_not_permitted(machine: str, call: tuple[int, int]) -> None:
    assert verdict(machine, on(machine, call), 1, 2, 3) == "EPERM"


@every_machine
def test_a_process_may_be_made_and_a_namespace_not(machine: str) -> None:
    thread, child = 0x3D0F00, 0x01200011
    for flags in (thread, child, 17):
        assert verdict(machine, on(machine, CLONE), flags) == ALLOW
    for bit in (0x20000, *(1 << number for number in range(25, 31))):
        assert verdict(machine, on(machine, CLONE), child | bit) == "EPERM"
        assert verdict(machine, on(machine, CLONE), child | bit | 1 << 40) == "EPERM"
    assert verdict(machine, on(machine, CLONE3), 0) == "ENOSYS"


@every_machine
def test_no_key_is_pressed_for_others(machine: str) -> None:
    assert verdict(machine, on(machine, IOCTL), 0, 0x5413) == ALLOW
    for request in (0x5412, 0x541C, 1 << 32 | 0x5412):
        assert verdict(machine, on(machine, IOCTL), 0, request) == "EPERM"


@every_machine
def test_memory_is_shared_by_files_that_are_counted_and_in_no_other_way(machine: str) -> None:
    private, shared, anonymous = 2, 1, 0x20
    for flags in (private, private | anonymous, shared):
        assert verdict(machine, on(machine, MMAP), 0, 4096, 3, flags) == ALLOW
    assert verdict(machine, on(machine, MMAP), 0, 4096, 3, shared | anonymous) == "EPERM"
    assert verdict(machine, on(machine, MMAP), 0, 4096, 3, shared | anonymous | 0x4000) == "EPERM"


@every_machine
@pytest.mark.parametrize(("family", "answer"), [(1, ALLOW), (2, ALLOW), (10, ALLOW), (16, ALLOW)])
def test_sockets_of_the_room_are_allowed(machine: str, family: int, answer: str) -> None:
    assert verdict(machine, on(machine, SOCKET), family, 1) == answer


@every_machine
@given(family=st.integers(0, 1 << 31).filter(lambda family: family not in (1, 2, 10, 16)))
def test_all_other_sockets_do_not_exist(machine: str, family: int) -> None:
    assert verdict(machine, on(machine, SOCKET), family, 1) == "EAFNOSUPPORT"


@every_machine
@given(number=st.integers(457, (1 << 32) - 1))
def test_calls_that_nobody_has_judged_are_never_allowed(machine: str, number: int) -> None:
    """Those above 0x40000000 are the others of x86_64, which have numbers of their own."""
    assert verdict(machine, number) in ("ENOSYS", "EPERM")


@every_machine
@given(number=st.integers(0, 500), arch=st.integers(0, (1 << 32) - 1))
def test_calls_in_the_manner_of_another_machine_end_the_program(
    machine: str, number: int, arch: int
) -> None:
    assert arch == ARCH[machine] or verdict(machine, number, arch=arch) == KILL


@every_machine
@given(st.integers(0, 456), st.lists(st.integers(0, (1 << 64) - 1), min_size=6, max_size=6))
def test_the_program_answers_every_call(machine: str, number: int, arguments: list[int]) -> None:
    answers = {ALLOW, "EPERM", "ENOSYS", "EAFNOSUPPORT"}
    assert verdict(machine, number, *arguments) in answers


def test_the_hash_names_the_filter() -> None:
    """Results name it. Whoever changes the filter changes this, and says so in the changelog."""
    assert {machine: sha256(machine)[:16] for machine in MACHINES} == {
        "x86_64": "72fa7ded5c95c2fa",
        "aarch64": "e1d7142d95bc1f26",
    }


def test_a_machine_without_a_list_has_no_filter() -> None:
    with pytest.raises(KeyError):
        program("riscv64")
