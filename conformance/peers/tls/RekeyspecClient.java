import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/**
 * The program under test: an ordinary client of Java's JSSE that writes when it is told to.
 *
 * <p>Arguments: port, directory (with authority.pem, client.pem, client.key), the socket's timeout (ms, 0 is none), and
 * the security property jdk.tls.keyLimits (empty: the default). On stdin {@code write N} (bytes), {@code renew} and
 * {@code quit}; its end ends the program. On stdout {@code ready}, {@code got N}, {@code closed} or {@code lost REASON}.
 * Nothing here touches the protocol.
 */
public final class RekeyspecClient {
    private static volatile boolean quitting;

    public static void main(String[] told) throws Exception {
        if (!told[3].isEmpty()) {
            Security.setProperty("jdk.tls.keyLimits", told[3]);
        }
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in));
        SSLSocket socket = (SSLSocket) context(Path.of(told[1])).getSocketFactory()
            .createSocket("127.0.0.1", Integer.parseInt(told[0]));
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(Integer.parseInt(told[2]));
        socket.setEnabledProtocols(new String[] {"TLSv1.3"});
        socket.setEnabledCipherSuites(new String[] {"TLS_AES_128_GCM_SHA256"});
        try {
            socket.startHandshake();
        } catch (IOException why) {
            say("lost " + why);
            System.exit(0);
        }
        say("ready");
        Thread reader = new Thread(() -> read(socket));
        reader.setDaemon(true);
        reader.start();
        obey(commands, socket);
        System.exit(0);
    }

    private static void obey(BufferedReader commands, SSLSocket socket) throws IOException {
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            String[] words = line.split(" ");
            try {
                switch (words[0]) {
                    case "write" -> socket.getOutputStream().write(new byte[Integer.parseInt(words[1])]);
                    case "renew" -> socket.startHandshake();
                    case "quit" -> {
                        quitting = true;
                        socket.close();
                        say("closed");
                        return;
                    }
                    default -> throw new IllegalArgumentException("not a command: " + line);
                }
            } catch (IOException why) {
                say("lost " + why);
                return;
            }
        }
    }

    private static void read(SSLSocket socket) {
        byte[] piece = new byte[1 << 15];
        try {
            InputStream in = socket.getInputStream();
            for (int size = in.read(piece); size >= 0; size = in.read(piece)) {
                say("got " + size);
            }
            say("closed");
        } catch (IOException why) {
            if (!quitting) {
                say("lost " + why);
            }
        }
        if (!quitting) {
            try {
                socket.close();
            } catch (IOException why) {
                say("lost " + why);
            }
            System.exit(0);
        }
    }

    private static SSLContext context(Path directory) throws Exception {
        char[] none = new char[0];
        KeyStore own = empty();
        byte[] key = Base64.getMimeDecoder().decode(
            Files.readString(directory.resolve("client.key")).replaceAll("-----[^-]+-----", ""));
        own.setKeyEntry("client", KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(key)), none,
            new Certificate[] {certificate(directory.resolve("client.pem"))});
        KeyManagerFactory keys = KeyManagerFactory.getInstance("SunX509");
        keys.init(own, none);
        KeyStore believed = empty();
        believed.setCertificateEntry("authority", certificate(directory.resolve("authority.pem")));
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(believed);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    private static KeyStore empty() throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    private static Certificate certificate(Path file) throws Exception {
        try (InputStream in = Files.newInputStream(file)) {
            return CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    private static synchronized void say(String line) {
        System.out.println(line);
        System.out.flush();
    }
}
