"""Sources of other libraries that block when they are asked for something, in each way that they are asked."""

import io
import threading

from support.media import video

#: Seconds after which a call counts as hanging.
HANGS = 30
#: What all of them hold.
DATA = video(100_000)


class Foreign:
    """A file object of another library, which blocks in one of its methods until it is released."""

    def __init__(self, blocks="", seconds=None, data=DATA):
        self.released = threading.Event()
        self.asked_by = []
        self.blocks, self._seconds, self._file = blocks, seconds, io.BytesIO(data)

    def ask(self, name):
        self.asked_by.append(threading.current_thread())
        if name == self.blocks:
            self.released.wait(self._seconds)

    def release(self):
        """Let what blocks go on, and see the threads end."""
        self.released.set()
        for thread in set(self.asked_by) - {threading.current_thread()}:
            thread.join(HANGS)
            assert not thread.is_alive()

    @property
    def name(self):
        self.ask("name")
        return "clip.mp4"

    @property
    def size(self):
        self.ask("size")
        return len(self._file.getbuffer())

    def fileno(self):
        self.ask("fileno")
        raise OSError("it has none")

    def readable(self):
        self.ask("readable")
        return True

    def seekable(self):
        self.ask("seekable")
        return True

    def tell(self):
        self.ask("tell")
        return self._file.tell()

    def seek(self, *arguments):
        self.ask("seek")
        return self._file.seek(*arguments)

    def read(self, size=-1):
        self.ask("read")
        return self._file.read(size)


class Path:
    """A path of another library that has to ask where it is."""

    def __init__(self, foreign):
        self._foreign = foreign

    def __fspath__(self):
        self._foreign.ask("read")
        return "clip.mp4"


class Object:
    """An object of a store that has to ask for its size."""

    def __init__(self, foreign):
        self._foreign = foreign

    @property
    def size(self):
        self._foreign.ask("read")
        return len(DATA)

    def get_range(self, *, start, end):
        return DATA[start:end]


class Lazy:
    """What is made once somebody looks at it."""

    def __init__(self, foreign):
        self._foreign, self._file = foreign, io.BytesIO(DATA)

    def __getattr__(self, name):
        self._foreign.ask("read")
        return getattr(self._file, name)


class InMemory(io.BytesIO):
    """One that is no memory behind its name."""

    def __init__(self, foreign):
        super().__init__(DATA)
        self._foreign = foreign

    def read(self, *arguments):
        self._foreign.ask("read")
        return super().read(*arguments)


class Raw(io.RawIOBase):
    """What `io.BufferedReader` can be put around."""

    def __init__(self, foreign):
        self._foreign = foreign

    def readable(self):
        return True

    def seekable(self):
        return True

    def seek(self, *arguments):
        return self._foreign.seek(*arguments)

    def tell(self):
        return self._foreign.tell()

    def readinto(self, buffer):
        piece = self._foreign.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


def file(name):
    return lambda: (foreign := Foreign(name), foreign)


def behind(kind, name="read"):
    def make():
        foreign = Foreign()
        source = kind(foreign)
        foreign.asked_by.clear()
        foreign.blocks = name
        return foreign, source

    return make


#: Each makes a `Foreign`, by which the source is released, and the source to upload.
BLOCKING = {
    **{name: file(name) for name in ("name", "size", "readable", "seekable", "tell", "seek")},
    "path": behind(Path),
    "object of a store": behind(Object),
    "lazy": behind(Lazy),
    "subclass of BytesIO": behind(InMemory),
    "buffered tell": behind(lambda foreign: io.BufferedReader(Raw(foreign)), "tell"),
}
