"""The filter of system calls, as a program for the kernel: what no command of a room may ask for.

Bubblewrap loads it as the last thing before the command, and no process below can take it off. It
is a list of refusals, as that of Flatpak is: a shell may do what shells do, and neither reach into
the kernel's wide interfaces nor hold memory that nobody can count. What a newer kernel adds is not
there. The program is our own, and the same bytes everywhere: libseccomp promises no order of what
it writes, and a result names the filter by its hash.
"""

import errno
import hashlib
import os
import struct
from collections.abc import Iterator
from functools import cache

# Numbers of x86_64 and of aarch64, which lacks some.
_REFUSED: dict[str, tuple[int, int | None]] = {
    # keys of the kernel, and its programmable parts
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "userfaultfd": (323, 282),
    # other processes' memory and files
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    # mounts and namespaces
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    # the machine itself
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "create_module": (174, None),
    "acct": (163, 89),
    "syslog": (103, 116),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "vhangup": (153, 58),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "uselib": (134, None),
    "sysfs": (139, None),
    "lookup_dcookie": (212, 18),
    "nfsservctl": (180, 42),
    "map_shadow_stack": (453, 453),
    # where memory is placed, which Docker refuses as well
    "mbind": (237, 235),
    "set_mempolicy": (238, 237),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "set_mempolicy_home_node": (450, 450),
    # memory that belongs to no process and to no folder, so that nobody could count it
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
}
_LAST = 456
"""The last call that was there when this list was made; those after it do not exist here."""

_ARCHES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
MACHINES = tuple(_ARCHES)
_CLONE, _CLONE3 = (56, 220), (435, 435)
_IOCTL, _MMAP, _SOCKET, _PERSONALITY = (16, 29), (9, 222), (41, 198), (135, 92)
_X32 = 0x40000000

_NEW_NAMESPACE = (
    0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000 | 0x20000
)
_TIOCSTI, _TIOCLINUX, _TIOCCONS = 0x5412, 0x541C, 0x541D
_SHARED_ANONYMOUS = 0x21
_FAMILIES = (1, 2, 10, 16)
"""Sockets of Unix, IPv4, IPv6 and netlink, which `ip` and `ss` ask; vsock would leave the room."""
_PERSONALITIES = (0x0, 0x40000, 0xFFFFFFFF)
"""That of Linux, without random addresses, and the question which it is."""

_KILL, _ALLOW, _ERRNO = 0x80000000, 0x7FFF0000, 0x00050000
_LOAD, _EQUAL, _ABOVE, _NOT_BELOW, _ANY_BIT, _AND, _RETURN = (
    0x20,
    0x15,
    0x25,
    0x35,
    0x45,
    0x54,
    0x06,
)
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16

Instruction = tuple[int, int, int, int]


@cache
def program(machine: str | None = None) -> bytes:
    """Return the filter for *machine* as `os.uname` names it, this one by default.

    Raises KeyError for a machine whose calls nobody has listed.
    """
    machine = machine or os.uname().machine
    arch, column = _ARCHES[machine], [*_ARCHES].index(machine)
    lines = [
        (_LOAD, 0, 0, _ARCH),
        *_unless((_EQUAL, arch), _KILL),
        (_LOAD, 0, 0, _NUMBER),
        *([*_when((_NOT_BELOW, _X32), _refuse(errno.EPERM))] if machine == "x86_64" else []),
        *_when((_ABOVE, _LAST), _refuse(errno.ENOSYS)),
        # Its flags lie in memory, where a filter cannot look. The C library then takes `clone`.
        *_when((_EQUAL, _CLONE3[column]), _refuse(errno.ENOSYS)),
    ]
    for numbers in _REFUSED.values():
        if (number := numbers[column]) is not None:
            lines += _when((_EQUAL, number), _refuse(errno.EPERM))
    eperm, unknown = _refuse(errno.EPERM), _refuse(errno.EAFNOSUPPORT)
    lines += _asked(_CLONE[column], 0, [*_when((_ANY_BIT, _NEW_NAMESPACE), eperm)])
    lines += _asked(_IOCTL[column], 1, [*_one_of((_TIOCSTI, _TIOCLINUX, _TIOCCONS), eperm)])
    shared = [(_AND, 0, 0, _SHARED_ANONYMOUS), *_when((_EQUAL, _SHARED_ANONYMOUS), eperm)]
    lines += _asked(_MMAP[column], 3, shared)
    lines += _asked(_SOCKET[column], 0, [*_one_of(_FAMILIES, _ALLOW), (_RETURN, 0, 0, unknown)])
    known = [*_one_of(_PERSONALITIES, _ALLOW), (_RETURN, 0, 0, eperm)]
    lines += _asked(_PERSONALITY[column], 0, known)
    lines.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("<HBBI", *line) for line in lines)


def sha256(machine: str | None = None) -> str:
    """Return the hash that names the filter for *machine*, this one by default."""
    return hashlib.sha256(program(machine)).hexdigest()


def _refuse(error: int) -> int:
    return _ERRNO | error


def _when(test: tuple[int, int], verdict: int) -> Iterator[Instruction]:
    """Return *verdict* where *test* holds, else go on."""
    yield (test[0], 0, 1, test[1])
    yield (_RETURN, 0, 0, verdict)


def _unless(test: tuple[int, int], verdict: int) -> Iterator[Instruction]:
    yield (test[0], 1, 0, test[1])
    yield (_RETURN, 0, 0, verdict)


def _one_of(values: tuple[int, ...], verdict: int) -> Iterator[Instruction]:
    for value in values:
        yield from _when((_EQUAL, value), verdict)


def _asked(number: int, argument: int, then: list[Instruction]) -> list[Instruction]:
    """For the call *number*, load the lower half of its *argument*, do *then*, and allow it.

    What the kernel takes from these arguments is 32 bits wide.
    """
    inner = [(_LOAD, 0, 0, _ARGUMENTS + 8 * argument), *then, (_RETURN, 0, 0, _ALLOW)]
    return [(_EQUAL, 0, len(inner), number), *inner]
