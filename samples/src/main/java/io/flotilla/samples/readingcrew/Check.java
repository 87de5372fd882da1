package io.flotilla.samples.readingcrew;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the checker finds while the readers read.
 *
 * @param files how many files there are
 * @param bytes how many bytes they have together
 * @param copies how many of them say what another says too
 * @param gone how many cannot be read any more
 */
record Check(int files, long bytes, int copies, int gone) {

    /** Looks at the files themselves. Blocks. */
    static Check of(Folder folder) {
        long bytes = 0;
        int copies = 0;
        int gone = 0;
        Map<Long, List<SourceFile>> bySize = new TreeMap<>();
        for (SourceFile file : folder.files()) {
            try {
                long size = Files.size(file.path());
                bytes += size;
                List<SourceFile> alike = bySize.computeIfAbsent(size, any -> new ArrayList<>());
                if (isAmong(alike, file)) {
                    copies++;
                } else {
                    alike.add(file);
                }
            } catch (IOException notThere) {
                gone++;
            }
        }
        return new Check(folder.files().size(), bytes, copies, gone);
    }

    private static boolean isAmong(List<SourceFile> others, SourceFile file) throws IOException {
        for (SourceFile other : others) {
            if (Files.mismatch(other.path(), file.path()) < 0) {
                return true;
            }
        }
        return false;
    }

    @Override
    public String toString() {
        return files + " files, " + bytes + " bytes; " + copies + " say the same as another, " + gone + " are gone";
    }
}
