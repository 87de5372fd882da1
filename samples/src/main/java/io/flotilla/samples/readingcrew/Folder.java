package io.flotilla.samples.readingcrew;

import io.flotilla.samples.shell.BadInput;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/**
 * The files of a folder and those below that hold text. What is hidden, built or binary is left out, and symbolic links
 * are not followed.
 *
 * @param root the folder
 * @param files in the order of their names, at most as many as were asked for
 * @param leftOut how many there are besides
 * @param unreadable how many could not be looked into
 */
record Folder(Path root, List<SourceFile> files, int leftOut, int unreadable) {

    private static final Set<String> BUILT = Set.of("target", "build", "node_modules");
    private static final int SNIFFED_BYTES = 4096;

    /**
     * Looks through a folder. Blocks.
     *
     * @throws BadInput if there is no such folder, or nothing to read in it
     */
    static Folder scan(Path root, int maxFiles) {
        if (!Files.exists(root)) {
            throw new BadInput("-Dinput does not exist: " + BadInput.quoted(root));
        }
        if (!Files.isDirectory(root)) {
            throw new BadInput("-Dinput is not a folder: " + BadInput.quoted(root));
        }
        Scan scan = new Scan(root);
        try {
            Files.walkFileTree(root, scan);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        if (scan.files.isEmpty()) {
            throw new BadInput("-Dinput has no readable text files: " + BadInput.quoted(root));
        }
        scan.files.sort(Comparator.comparing(SourceFile::name));
        int taken = Math.min(maxFiles, scan.files.size());
        return new Folder(root, List.copyOf(scan.files.subList(0, taken)), scan.files.size() - taken, scan.unreadable);
    }

    private static final class Scan extends SimpleFileVisitor<Path> {

        private final Path root;
        private final List<SourceFile> files = new ArrayList<>();
        private int unreadable;

        Scan(Path root) {
            this.root = root;
        }

        @Override
        public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            String name = nameOf(folder);
            boolean wanted = folder.equals(root) || !(name.startsWith(".") || BUILT.contains(name));
            return wanted ? FileVisitResult.CONTINUE : FileVisitResult.SKIP_SUBTREE;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (attributes.isRegularFile()
                    && attributes.size() > 0
                    && !nameOf(file).startsWith(".")) {
                try {
                    if (holdsText(file)) {
                        files.add(
                                new SourceFile(root.relativize(file).toString().replace('\\', '/'), file));
                    }
                } catch (IOException failed) {
                    unreadable++;
                }
            }
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException failed) {
            unreadable++;
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult postVisitDirectory(Path folder, IOException failed) {
            return FileVisitResult.CONTINUE;
        }

        private static String nameOf(Path path) {
            Path name = path.getFileName();
            return name == null ? "" : name.toString();
        }

        /** Text has no zero bytes, and something other than blanks, as far as its beginning tells. */
        private static boolean holdsText(Path file) throws IOException {
            try (InputStream in = Files.newInputStream(file)) {
                String beginning = new String(in.readNBytes(SNIFFED_BYTES), StandardCharsets.ISO_8859_1);
                return beginning.indexOf('\0') < 0 && !beginning.isBlank();
            }
        }
    }
}
