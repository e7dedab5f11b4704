/** A clock that jumps from one thing to be done to the next: a binary heap by time, then by order of entry. */
export class Timeline {
  #heap = [];
  #entered = 0;

  constructor(now) {
    this.now = now;
  }

  /** Does `what` at `time` in milliseconds, or at once when that is past. */
  at(time, what) {
    const heap = this.#heap;
    let i = heap.push({ time: Math.max(time, this.now), entered: this.#entered++, what }) - 1;
    for (let parent; i > 0 && before(heap[i], heap[(parent = (i - 1) >> 1)]); i = parent)
      swap(heap, i, parent);
  }

  /** Until nothing is left to do. */
  run() {
    for (let next = this.#take(); next; next = this.#take()) {
      this.now = next.time;
      next.what();
    }
  }

  #take() {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (heap.length === 0) return first;
    heap[0] = last;
    for (let i = 0; ;) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < heap.length && before(heap[child], heap[least])) least = child;
      }
      if (least === i) return first;
      swap(heap, i, least);
      i = least;
    }
  }
}

function before(a, b) {
  return a.time < b.time || (a.time === b.time && a.entered < b.entered);
}

function swap(heap, i, j) {
  [heap[i], heap[j]] = [heap[j], heap[i]];
}
