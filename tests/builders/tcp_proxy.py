"""A line to a server that is slow, breaks, or goes dead, below anything that HTTP knows of."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK_BYTES = 16 * 1024


@dataclass
class TcpProxy:
    """What becomes of the bytes of connections that begin from now on.

    Attributes
    ----------
    pause_s : float
        Before each chunk of 16 kB, either way.
    cut_after : int or None
        Bytes, either way together, after which a connection breaks.
    cuts : int
        Connections that still break so.
    dead : bool
        Whether connections are taken, and nothing ever comes of them.
    """

    url: str = ""
    pause_s: float = 0.0
    cut_after: int | None = None
    cuts: int = 0
    dead: bool = False


@contextmanager
def tcp_proxy(port: int) -> Iterator[TcpProxy]:
    """Run a proxy before a port of this machine."""
    listening = socket.create_server(("127.0.0.1", 0))
    state = TcpProxy(f"http://127.0.0.1:{listening.getsockname()[1]}")
    open_sockets: list[socket.socket] = [listening]

    def accept() -> None:
        while True:
            try:
                near, _ = listening.accept()
            except OSError:
                return
            open_sockets.append(near)
            if not state.dead:
                far = socket.create_connection(("127.0.0.1", port))
                open_sockets.append(far)
                _Line(state, near, far).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        for each in open_sockets:
            _break(each)
        thread.join()


class _Line:
    def __init__(self, state: TcpProxy, near: socket.socket, far: socket.socket) -> None:
        self._state = state
        self._ends = near, far
        self._left = state.cut_after if state.cuts > 0 else None

    def start(self) -> None:
        near, far = self._ends
        for source, target in ((near, far), (far, near)):
            threading.Thread(target=self._pass_on, args=(source, target), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK_BYTES):
                time.sleep(self._state.pause_s)
                if self._left is not None:
                    self._left -= len(data)
                    if self._left < 0:
                        self._state.cuts -= 1
                        break
                target.sendall(data)
        for each in self._ends:
            _break(each)


def _break(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
