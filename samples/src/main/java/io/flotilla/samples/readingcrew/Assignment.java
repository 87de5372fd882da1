package io.flotilla.samples.readingcrew;

import io.flotilla.samples.shell.BadInput;
import io.flotilla.step.FailureMode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The task of a run, as it is in the journal: all that its course depends on. Nothing of whom to ask is in it, so the
 * endpoint may be another one when the run is gone on with.
 *
 * @param folder which, as an absolute path
 * @param mode what a failed reader does
 * @param wanted how many files are enough for the writer
 * @param files in their order
 */
record Assignment(String folder, FailureMode mode, int wanted, List<Item> files) {

    /**
     * A file as it was when the run started.
     *
     * @param name below the folder
     * @param bytes its size
     * @param modifiedMs when it was changed last, in milliseconds since 1970
     */
    record Item(String name, long bytes, long modifiedMs) {

        static Item of(SourceFile file) {
            try {
                return new Item(
                        file.name(),
                        Files.size(file.path()),
                        Files.getLastModifiedTime(file.path()).toMillis());
            } catch (IOException gone) {
                throw new UncheckedIOException("cannot look at " + file.name(), gone);
            }
        }
    }

    /** Immutable. */
    Assignment {
        files = List.copyOf(files);
    }

    /** What is asked for now. Blocks. */
    static Assignment of(Task task, Quorum quorum) {
        Folder folder = task.folder();
        return new Assignment(
                folder.root().toAbsolutePath().normalize().toString(),
                task.mode(),
                quorum.wanted(),
                folder.files().stream().map(Item::of).toList());
    }

    /**
     * Sees that a run of this task can be gone on with as {@code now}.
     *
     * @throws BadInput if not, with the first difference
     */
    void check(Assignment now) {
        if (!folder.equals(now.folder)) {
            throw refused("it reads " + BadInput.quoted(folder) + ", -Dinput is " + BadInput.quoted(now.folder));
        }
        String changes = changes(now);
        if (!changes.isEmpty()) {
            throw refused("the folder is not what it was: " + changes);
        }
        if (mode != now.mode) {
            throw refused("its mode is " + words(mode) + ", -Dmode is " + words(now.mode));
        }
        if (wanted != now.wanted) {
            throw refused("it waits for " + wanted + " files, with -Dquorum as given it would be " + now.wanted);
        }
    }

    private static String words(FailureMode mode) {
        return mode == FailureMode.FAIL_FAST ? "fail-fast" : "isolate";
    }

    private static BadInput refused(String why) {
        return new BadInput("-Dresume=true cannot go on with the run: " + why);
    }

    private String changes(Assignment now) {
        Map<String, Item> before = new HashMap<>();
        files.forEach(item -> before.put(item.name(), item));
        List<String> added = new ArrayList<>();
        List<String> changed = new ArrayList<>();
        for (Item item : now.files) {
            Item was = before.remove(item.name());
            if (was == null) {
                added.add(item.name());
            } else if (!was.equals(item)) {
                changed.add(item.name());
            }
        }
        List<String> gone = before.keySet().stream().sorted().toList();
        List<String> told = new ArrayList<>();
        tell(changed, "changed", told);
        tell(gone, "gone", told);
        tell(added, "new", told);
        return String.join(", ", told);
    }

    private static void tell(List<String> names, String how, List<String> told) {
        if (!names.isEmpty()) {
            String more = names.size() == 1 ? "" : " and " + (names.size() - 1) + " more";
            told.add(BadInput.quoted(names.get(0)) + more + " " + how);
        }
    }
}
