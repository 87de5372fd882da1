/* A table of any length: only the rows in sight are in the page. */
RunReport.Table = (() => {
  const { el, clipped } = RunReport;
  const ROW = 34, SPARE = 6, MOST_TEXT = 300, TITLED = 24;

  /* columns: [{ name, width, num, mono, wide }], width as CSS has it, wide for what a phone leaves out; row(at) gives { cells, class, open, label }. */
  class Table {
    constructor({ label, columns, row, empty = "Nothing to show.", height }) {
      Object.assign(this, { label, columns, row, empty, count: 0, shown: "" });
      this.body = el("div", { class: "vt-body", role: "rowgroup" });
      const head = el("div", { class: "vt-row vt-head", role: "row", "aria-rowindex": 1 }, columns.map(column => el("div", { role: "columnheader", class: this.cellClass(column) }, column.name)));
      this.none = el("p", { class: "empty" }, empty);
      this.table = el("div", { class: "vt", role: "table", "aria-label": label }, el("div", { role: "rowgroup", class: "vt-top" }, head), this.body);
      this.node = el("div", { class: "vt-scroll", tabindex: "0", role: "group", "aria-label": label }, this.table, this.none);
      this.node.style.setProperty("--columns", columns.map(column => column.width ?? "minmax(0, 1fr)").join(" "));
      this.node.style.setProperty("--narrow", columns.filter(column => !column.wide).map(column => column.narrow ?? column.width ?? "minmax(0, 1fr)").join(" "));
      if (height) this.node.style.maxHeight = height;
      this.node.addEventListener("scroll", () => this.later(), { passive: true });
      this.watch = new ResizeObserver(() => this.later());
      this.watch.observe(this.node);
    }

    cellClass(column) { return [column.num && "num", column.mono && "mono", column.wide && "wide-only"].filter(Boolean).join(" "); }

    dispose() { this.watch.disconnect(); }

    /* There are so many rows now, or they say something else. */
    show(count) {
      this.count = count;
      this.shown = "";
      this.table.hidden = count === 0;
      this.none.hidden = count > 0;
      this.table.setAttribute("aria-rowcount", count + 1);
      this.body.style.height = count * ROW + "px";
      this.paint();
    }

    later() {
      if (this.waiting) return;
      this.waiting = true;
      requestAnimationFrame(() => { this.waiting = false; this.paint(); });
    }

    paint() {
      const { scrollTop, clientHeight } = this.node;
      const first = Math.max(0, Math.floor(scrollTop / ROW) - SPARE), until = Math.min(this.count, Math.ceil((scrollTop + (clientHeight || 480)) / ROW) + SPARE);
      const shown = first + ":" + until;
      if (shown === this.shown) return;
      this.shown = shown;
      const focused = this.body.contains(document.activeElement) ? document.activeElement.closest("[data-row]")?.dataset.row : undefined;
      const rows = [];
      for (let at = first; at < until; at++) rows.push(this.line(at));
      this.body.replaceChildren(...rows);
      if (focused !== undefined) this.body.querySelector(`[data-row="${focused}"] button`)?.focus({ preventScroll: true });
    }

    line(at) {
      const { cells, class: kind = "", open, label } = this.row(at);
      const line = el("div", { class: "vt-row " + kind, role: "row", "aria-rowindex": at + 2, "data-row": at });
      line.style.top = at * ROW + "px";
      cells.forEach((cell, column) => {
        const text = cell instanceof Node ? cell : clipped(String(cell ?? ""), MOST_TEXT);
        const inside = column === 0 && open ? el("button", { type: "button", class: "plain", "aria-label": label }, text) : text;
        line.append(el("div", { role: "cell", class: this.cellClass(this.columns[column]), title: typeof text === "string" && text.length > TITLED ? String(cell) : null }, inside));
      });
      if (open) { line.classList.add("opens"); line.addEventListener("click", open); }
      return line;
    }

    reveal(at) {
      const { scrollTop, clientHeight } = this.node;
      if (at * ROW < scrollTop || (at + 2) * ROW > scrollTop + clientHeight) this.node.scrollTop = Math.max(0, at * ROW - clientHeight / 2);
    }
  }
  return Table;
})();
