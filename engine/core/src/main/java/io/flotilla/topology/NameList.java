package io.flotilla.topology;

import java.util.AbstractList;
import java.util.Objects;
import java.util.RandomAccess;

/** A part of an array of nodes, seen as names: a hub's hundred thousand spokes are not copied. Immutable. */
final class NameList extends AbstractList<String> implements RandomAccess {

    private final String[] names;
    private final int[] nodes;
    private final int begin;
    private final int end;

    NameList(String[] names, int[] nodes, int begin, int end) {
        this.names = names;
        this.nodes = nodes;
        this.begin = begin;
        this.end = end;
    }

    @Override
    public String get(int index) {
        return names[nodes[begin + Objects.checkIndex(index, size())]];
    }

    @Override
    public int size() {
        return end - begin;
    }
}
