/** @file Which rows of a long list are on screen. Pure arithmetic. */

/** Rows kept beyond both edges, so that scrolling shows rows and not gaps. */
const SPARE_ROWS = 8;

export interface RowWindow {
  /** First row that is drawn. */
  readonly first: number;
  /** One past the last row that is drawn. */
  readonly end: number;
}

export function rowsInView(
  scrollTop: number,
  height: number,
  rowHeight: number,
  count: number,
): RowWindow {
  if (rowHeight <= 0) return { first: 0, end: 0 };
  const first = Math.max(Math.floor(scrollTop / rowHeight) - SPARE_ROWS, 0);
  const end = Math.min(Math.ceil((scrollTop + height) / rowHeight) + SPARE_ROWS, count);
  return { first: Math.min(first, Math.max(count - 1, 0)), end: Math.max(end, 0) };
}

/** Where to scroll so that a row is wholly visible; unchanged when it is. */
export function scrollToShow(
  index: number,
  scrollTop: number,
  height: number,
  rowHeight: number,
): number {
  const top = index * rowHeight;
  if (top < scrollTop) return top;
  if (top + rowHeight > scrollTop + height) return top + rowHeight - height;
  return scrollTop;
}

/** Where a key leads in a list, or undefined when it leads nowhere. */
export function indexAfterKey(
  key: string,
  active: number,
  count: number,
  rowsPerPage: number,
): number | undefined {
  if (count === 0) return undefined;
  const targets: Readonly<Record<string, number>> = {
    ArrowDown: active + 1,
    ArrowUp: active - 1,
    Home: 0,
    End: count - 1,
    PageDown: active + rowsPerPage,
    PageUp: active - rowsPerPage,
  };
  const target = targets[key];
  return target === undefined ? undefined : Math.min(Math.max(target, 0), count - 1);
}
