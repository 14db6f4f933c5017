/** Bytes of a page at most, unless a single object is larger: all pages that are held together must fit a function. */
export const PAGE_BYTES = 4 << 20

/** Objects of a page unless told, as small ones come. */
const MOST = 500

/** How many objects to ask for, page by page. */
export interface PageSize {
  now(): number
  /** The page was larger than PAGE_BYTES. @returns false where it cannot be asked for in smaller parts */
  shrink(): boolean
  /** @param bytes that so many objects took */
  learn(objects: number, bytes: number): void
}

/**
 * Small objects come in as few requests as can be; large ones show by a page that is given up at PAGE_BYTES and asked for
 * again with a tenth of the objects, and from then on by their average.
 */
export function pageSize(most = MOST): PageSize {
  let size = most
  let seen = { objects: 0, bytes: 0 }
  return {
    now: () => size,
    shrink() {
      if (size === 1) return false
      size = Math.max(1, Math.floor(size / 10))
      return true
    },
    learn(objects, bytes) {
      seen = { objects: seen.objects + objects, bytes: seen.bytes + bytes }
      // Half of what there is room for: the next ones may be larger.
      const fitting = Math.floor((PAGE_BYTES * seen.objects) / (2 * Math.max(1, seen.bytes)))
      size = Math.min(most, Math.max(1, fitting))
    },
  }
}
