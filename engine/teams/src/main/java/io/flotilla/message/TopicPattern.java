package io.flotilla.message;

import java.util.List;

/**
 * Which topics a subscription is for. Levels are separated by {@code /}; {@code *} stands for one level, {@code **} for any
 * number of them, none too.
 */
final class TopicPattern {

    private static final String ONE = "*";
    private static final String ANY = "**";

    private final String text;
    private final List<String> levels;

    private TopicPattern(String text, List<String> levels) {
        this.text = text;
        this.levels = levels;
    }

    static String checkTopic(String topic) {
        for (String level : levels("topic", topic)) {
            if (level.contains(ONE)) {
                throw new IllegalArgumentException("topic must not contain '*', was \"" + topic + "\"");
            }
        }
        return topic;
    }

    static TopicPattern of(String pattern) {
        List<String> levels = levels("pattern", pattern);
        for (String level : levels) {
            if (level.contains(ONE) && !level.equals(ONE) && !level.equals(ANY)) {
                throw new IllegalArgumentException("a level of a pattern must be a name, '*' or '**', was \"" + level
                        + "\" in \"" + pattern + "\"");
            }
        }
        return new TopicPattern(pattern, levels);
    }

    private static List<String> levels(String what, String text) {
        List<String> levels = List.of(Names.check(what, text).split("/", -1));
        if (levels.stream().anyMatch(String::isBlank)) {
            throw new IllegalArgumentException(what + " must not have a blank level, was \"" + text + "\"");
        }
        return levels;
    }

    boolean isExact() {
        return !text.contains(ONE);
    }

    boolean matches(String topic) {
        return isExact() ? text.equals(topic) : matches(topic.split("/", -1));
    }

    /** By the last {@code **} seen: what it has to swallow grows by one level whenever the rest does not fit. */
    private boolean matches(String[] topic) {
        int at = 0;
        int level = 0;
        int anyLevel = -1;
        int anyAt = -1;
        while (at < topic.length) {
            if (level < levels.size() && levels.get(level).equals(ANY)) {
                anyLevel = level++;
                anyAt = at;
            } else if (level < levels.size()
                    && (levels.get(level).equals(ONE) || levels.get(level).equals(topic[at]))) {
                level++;
                at++;
            } else if (anyLevel >= 0) {
                level = anyLevel + 1;
                at = ++anyAt;
            } else {
                return false;
            }
        }
        while (level < levels.size() && levels.get(level).equals(ANY)) {
            level++;
        }
        return level == levels.size();
    }

    @Override
    public String toString() {
        return text;
    }
}
