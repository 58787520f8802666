/**
 * @file For `node --import`: a process that lives a day ago. Its clock runs as ever; what it calls now
 * is this time yesterday.
 */
const DAY_MS = 86_400_000;
const Today = globalThis.Date;

globalThis.Date = class extends Today {
  constructor(...given) {
    if (given.length === 0) super(Today.now() - DAY_MS);
    else super(...given);
  }

  static now() {
    return Today.now() - DAY_MS;
  }
};
