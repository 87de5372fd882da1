package io.flotilla.samples.readingcrew.standin;

/** What the stand-in can do instead of answering at once, and to how many of 100 requests it does it. */
enum Fault {
    RATE_LIMITED(5, "429"),
    SERVER_ERROR(5, "500"),
    MALFORMED(4, "malformed JSON"),
    CUT(4, "a cut connection"),
    SILENT(3, "no answer"),
    SLOW(6, "a slow answer"),
    NONE(73, "an answer");

    private final int percent;
    private final String words;

    Fault(int percent, String words) {
        this.percent = percent;
        this.words = words;
    }

    int percent() {
        return percent;
    }

    @Override
    public String toString() {
        return words;
    }
}
