package io.flotilla.journal.runs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What things are called is no format: with an event, an exception and messages of other names, in copies of the classes of
 * runs, the golden journals replay as they do.
 */
@Timeout(60)
class RenamedReplayTest {

    @TempDir
    Path golden;

    private static String renamed(String text) {
        return text.replaceAll("\\bHandedOff\\b", "PassedAlong")
                .replaceAll("\\bAgentFailedException\\b", "StepBrokeException")
                .replace(" decided to fail: ", " gave up, saying ")
                .replace("it has no edge to ", "no edge leads from it to ");
    }

    private static String original(String name) {
        return name.replace("PassedAlong", "HandedOff").replace("StepBrokeException", "AgentFailedException");
    }

    /** Has all there is of runs in renamed copies, and all else from where it is. */
    private static final class Renamed extends ClassLoader {

        Renamed() {
            super(RenamedReplayTest.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.startsWith("io.flotilla.run.") && !name.startsWith("io.flotilla.journal.runs.Golden")) {
                return super.loadClass(name, resolve);
            }
            synchronized (getClassLoadingLock(name)) {
                Class<?> loaded = findLoadedClass(name);
                return loaded == null ? copy(name) : loaded;
            }
        }

        private Class<?> copy(String name) throws ClassNotFoundException {
            try (InputStream original = getResourceAsStream(original(name).replace('.', '/') + ".class")) {
                if (original == null) {
                    throw new ClassNotFoundException(name);
                }
                byte[] copy = renamed(new DataInputStream(original));
                return defineClass(name, copy, 0, copy.length);
            } catch (IOException unreadable) {
                throw new ClassNotFoundException(name, unreadable);
            }
        }

        /** A class file names everything, and says everything, in its constants. */
        private static byte[] renamed(DataInputStream original) throws IOException {
            ByteArrayOutputStream copy = new ByteArrayOutputStream();
            DataOutputStream to = new DataOutputStream(copy);
            to.write(original.readNBytes(8)); // magic number and version
            int constants = original.readUnsignedShort();
            to.writeShort(constants);
            for (int number = 1; number < constants; number++) {
                int tag = original.readUnsignedByte();
                to.writeByte(tag);
                switch (tag) {
                    case 1 -> to.writeUTF(RenamedReplayTest.renamed(original.readUTF()));
                    case 7, 8, 16, 19, 20 -> to.write(original.readNBytes(2));
                    case 15 -> to.write(original.readNBytes(3));
                    case 5, 6 -> {
                        to.write(original.readNBytes(8));
                        number++; // a long or a double counts twice
                    }
                    default -> to.write(original.readNBytes(4));
                }
            }
            original.transferTo(to);
            return copy.toByteArray();
        }
    }

    @Test
    void replay_afterAnEventAnExceptionAndMessagesWereRenamed_isTheSame() throws Exception {
        for (String name : List.of("simple", "forks", "open")) {
            Files.copy(
                    Path.of("src/test/resources/golden/0.1").resolve(name + ".sqlite"),
                    golden.resolve(name + ".sqlite"));
        }
        List<String> asTheyAre = GoldenReplay.replayAll(golden);
        assertThat(asTheyAre.toString()).contains("HandedOff");

        Object replayed = new Renamed()
                .loadClass(GoldenReplay.class.getName())
                .getMethod("replayAll", Path.class)
                .invoke(null, golden);

        assertThat(replayed.toString())
                .isEqualTo(renamed(asTheyAre.toString()))
                .contains("PassedAlong")
                .doesNotContain("HandedOff");
    }
}
