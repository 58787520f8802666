/** @file A number of things, in words. */

/** `1 pack`, `1,204 files`. */
export const countText = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
