/** @file Dates, sizes, amounts and durations as a language writes them. Pure; one for each language. */

const FROST_PER_WAL = 1_000_000_000n;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const BYTE_UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte'] as const;

export class Format {
  readonly #language: string;
  readonly #number: Intl.NumberFormat;
  readonly #percent: Intl.NumberFormat;
  readonly #date: Intl.DateTimeFormat;
  readonly #shortDate: Intl.DateTimeFormat;
  readonly #dateTime: Intl.DateTimeFormat;
  readonly #time: Intl.DateTimeFormat;
  readonly #timeOfDay: Intl.DateTimeFormat;
  readonly #month: Intl.DateTimeFormat;
  readonly #day: Intl.DateTimeFormat;
  readonly #monthName: Intl.DateTimeFormat;
  readonly #year: Intl.DateTimeFormat;
  readonly #relative: Intl.RelativeTimeFormat;
  readonly #units = new Map<string, Intl.NumberFormat>();

  constructor(language: string, timeZone?: string) {
    const zone = timeZone === undefined ? {} : { timeZone };
    this.#language = language;
    this.#number = new Intl.NumberFormat(language);
    this.#percent = new Intl.NumberFormat(language, { style: 'percent' });
    this.#date = new Intl.DateTimeFormat(language, { dateStyle: 'long', ...zone });
    this.#shortDate = new Intl.DateTimeFormat(language, { dateStyle: 'medium', ...zone });
    this.#dateTime = new Intl.DateTimeFormat(language, {
      dateStyle: 'medium',
      timeStyle: 'short',
      ...zone,
    });
    this.#time = new Intl.DateTimeFormat(language, { timeStyle: 'short', ...zone });
    this.#timeOfDay = new Intl.DateTimeFormat(language, { timeStyle: 'short', timeZone: 'UTC' });
    this.#month = new Intl.DateTimeFormat(language, { month: 'short', year: 'numeric', ...zone });
    this.#day = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short', ...zone });
    this.#monthName = new Intl.DateTimeFormat(language, { month: 'short', ...zone });
    this.#year = new Intl.DateTimeFormat(language, { year: 'numeric', ...zone });
    this.#relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  }

  number(value: number): string {
    return this.#number.format(value);
  }

  percent(share: number): string {
    return this.#percent.format(share);
  }

  /** 14 March 2027 */
  date(atMs: number): string {
    return this.#date.format(atMs);
  }

  /** 14 Mar 2027 */
  shortDate(atMs: number): string {
    return this.#shortDate.format(atMs);
  }

  dateTime(atMs: number): string {
    return this.#dateTime.format(atMs);
  }

  time(atMs: number): string {
    return this.#time.format(atMs);
  }

  /** 20:00, from minutes after midnight. */
  timeOfDay(minutes: number): string {
    return this.#timeOfDay.format(Date.UTC(2000, 0, 1, 0, minutes));
  }

  /** Mar 2027 */
  month(atMs: number): string {
    return this.#month.format(atMs);
  }

  /** 14 Mar */
  day(atMs: number): string {
    return this.#day.format(atMs);
  }

  /** Mar */
  monthName(atMs: number): string {
    return this.#monthName.format(atMs);
  }

  year(atMs: number): string {
    return this.#year.format(atMs);
  }

  /** 3.2 GB, in powers of 1000 as storage is sold. */
  bytes(size: number | bigint): string {
    let value = Number(size);
    let unit = 0;
    while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
      value /= 1000;
      unit += 1;
    }
    const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    return this.#unit(BYTE_UNITS[unit] ?? 'byte', unit === 0 ? 'long' : 'short', digits).format(
      value,
    );
  }

  rate(bytesPerSecond: number): string {
    return `${this.bytes(bytesPerSecond)}/s`;
  }

  /** 0.41 WAL, from FROST. Never shows a cost as nothing. */
  wal(frost: bigint): string {
    return this.#coins(frost, 'WAL');
  }

  /** 0.02 SUI, from MIST. */
  sui(mist: bigint): string {
    return this.#coins(mist, 'SUI');
  }

  /** The two largest units that matter: 2 h 10 min, 45 s, 3 days. */
  duration(ms: number): string {
    const [large, small] =
      ms >= 2 * DAY
        ? [['day', DAY] as const, undefined]
        : ms >= HOUR
          ? [['hour', HOUR] as const, ['minute', MINUTE] as const]
          : ms >= MINUTE
            ? [['minute', MINUTE] as const, undefined]
            : [['second', SECOND] as const, undefined];
    const rounded = small ? Math.floor(ms / large[1]) : Math.max(Math.round(ms / large[1]), 1);
    const parts = [this.#unit(large[0], large[0] === 'day' ? 'long' : 'short', 0).format(rounded)];
    if (small) {
      const rest = Math.floor((ms % large[1]) / small[1]);
      if (rest > 0) parts.push(this.#unit(small[0], 'short', 0).format(rest));
    }
    return parts.join(' ');
  }

  /** 5 minutes ago, in 3 days, seen from `nowMs`. */
  relative(atMs: number, nowMs: number): string {
    const distance = atMs - nowMs;
    const size = Math.abs(distance);
    if (size < MINUTE) return this.#relative.format(0, 'second');
    if (size < HOUR) return this.#relative.format(Math.round(distance / MINUTE), 'minute');
    if (size < DAY) return this.#relative.format(Math.round(distance / HOUR), 'hour');
    return this.#relative.format(Math.round(distance / DAY), 'day');
  }

  /** a, b and c */
  list(items: readonly string[]): string {
    return new Intl.ListFormat(this.#language, { type: 'conjunction' }).format(items);
  }

  #coins(smallest: bigint, name: string): string {
    if (smallest === 0n) return `0 ${name}`;
    const value = Number(smallest) / Number(FROST_PER_WAL);
    const size = Math.abs(value);
    const digits =
      size >= 100
        ? { maximumFractionDigits: 0 }
        : size >= 1
          ? { maximumFractionDigits: 2 }
          : { maximumSignificantDigits: 2 };
    const text = new Intl.NumberFormat(this.#language, digits).format(value);
    return `${text} ${name}`;
  }

  #unit(unit: string, unitDisplay: 'short' | 'long', digits: number): Intl.NumberFormat {
    const key = `${unit} ${unitDisplay} ${String(digits)}`;
    const known = this.#units.get(key);
    if (known) return known;
    const made = new Intl.NumberFormat(this.#language, {
      style: 'unit',
      unit,
      unitDisplay,
      maximumFractionDigits: digits,
    });
    this.#units.set(key, made);
    return made;
  }
}
