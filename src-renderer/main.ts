/** @file Starts the UI: one connection, one App, one component. */
import '@fontsource-variable/inter/index.css';
import '@fontsource-variable/jetbrains-mono/index.css';
import { mount } from 'svelte';
import AppView from './App.svelte';
import NotAdmitted from './frame/NotAdmitted.svelte';
import { connect } from './lib/connection/connect.ts';
import './lib/design/tokens.css';
import './lib/design/base.css';
import { App } from './lib/state/app.svelte.ts';
import { Homes } from './lib/state/homes.svelte.ts';
import { parseRoute } from './lib/state/routes.ts';
import { Theme } from './lib/state/theme.svelte.ts';
import { words } from './lib/words/words.svelte.ts';

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no #app');
const theme = new Theme();
words.use('system');

const connection = await connect();
if (connection) {
  const homes = new Homes(new App(connection, theme));
  connection.subscribeShell(({ screen, networkName }) => {
    if (networkName !== undefined) homes.show(networkName);
    homes.shown.router.go(parseRoute(screen));
  });
  mount(AppView, { target, props: { homes } });
} else {
  mount(NotAdmitted, { target });
}
