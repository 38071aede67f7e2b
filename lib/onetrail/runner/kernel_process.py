"""The process of a run's kernel: ipykernel's own, whose threads end in an order in which none waits for another.

ipykernel 7 stops the thread that publishes outputs as soon as the process ends, while the one that answered the request
to end may still publish its last word. It then waits for a reader that is gone, and the process for it (IOPubThread,
which registers its end with atexit; IPKernelApp.close). Run by its path, so that the kernel begins without any other
module of this library.
"""

from ipykernel.kernelapp import IPKernelApp


class RunKernelApp(IPKernelApp):
    """Ends the thread of control while its words are still read."""

    def start(self) -> None:
        """Serve until asked to end; then the thread of control ends first, and all else as ipykernel does it."""
        try:
            super().start()  # type: ignore[no-untyped-call]
        finally:
            control = self.control_thread
            if control and control.is_alive():
                control.stop()
                control.join()


if __name__ == "__main__":
    RunKernelApp.launch_instance()
