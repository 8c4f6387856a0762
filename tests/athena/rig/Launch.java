import io.trino.server.Server;

/**
 * Starts Trino and ties its life to whoever started it: when standard input closes, which the kernel
 * does even if the parent was killed, the server halts. Nothing is left running.
 */
public final class Launch {
    public static void main(String[] args) {
        Thread leash = new Thread(() -> {
            try {
                while (System.in.read() >= 0) { }
            }
            catch (java.io.IOException ignored) {
                // A broken pipe says the same as a closed one.
            }
            Runtime.getRuntime().halt(0);
        }, "leash");
        leash.setDaemon(true);
        leash.start();
        new Server().start(args[0]);
    }
}
