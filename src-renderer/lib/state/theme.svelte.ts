/** @file Light or dark: what the settings say, else what the system shows. */

export class Theme {
  readonly #systemIsDark = window.matchMedia('(prefers-color-scheme: dark)');
  #choice = $state<'system' | 'light' | 'dark'>('system');
  #shown = $state<'light' | 'dark'>('light');

  constructor() {
    this.#systemIsDark.addEventListener('change', () => this.#show());
    this.#show();
  }

  get shown(): 'light' | 'dark' {
    return this.#shown;
  }

  use(choice: 'system' | 'light' | 'dark'): void {
    this.#choice = choice;
    this.#show();
  }

  #show(): void {
    this.#shown =
      this.#choice === 'system' ? (this.#systemIsDark.matches ? 'dark' : 'light') : this.#choice;
    document.documentElement.dataset['theme'] = this.#shown;
  }
}
