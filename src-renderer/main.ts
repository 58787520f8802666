/** @file Starts the UI: one connection, one App, one component. */
import '@fontsource-variable/inter/index.css';
import '@fontsource-variable/jetbrains-mono/index.css';
import { mount } from 'svelte';
import AppView from './App.svelte';
import { connect } from './lib/connection/connect.ts';
import './lib/design/tokens.css';
import './lib/design/base.css';
import { App } from './lib/state/app.svelte.ts';
import { parseRoute } from './lib/state/routes.ts';

const app = new App(connect());
app.connection.subscribeShell((event) => {
  if (event.kind === 'open-screen') app.router.go(parseRoute(event.screen));
});

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no #app');
mount(AppView, { target, props: { app } });
