"""The process of a run's kernel: ipykernel's own, whose threads end in an order in which none waits for another.

ipykernel 7 stops the thread that publishes outputs before the one that answered the request to end. If that one still
publishes its last word, it waits for a reader that is gone, and the process for it (IPKernelApp.close, IOPubThread).
Run by its path, so that the kernel begins without any other module of this library.
"""

from ipykernel.kernelapp import IPKernelApp


class RunKernelApp(IPKernelApp):
    """Ends the thread of control while its words are still read."""

    def close(self) -> None:
        """The thread of control first, then all else as ipykernel does it."""
        control = self.control_thread
        if control and control.is_alive():
            control.stop()
            control.join()
        super().close()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    RunKernelApp.launch_instance()
