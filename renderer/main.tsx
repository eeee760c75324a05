import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './ui/styles';
import { App } from './app/app';

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no root element.');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
