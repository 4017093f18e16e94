"""The pages: server-rendered, in English and Spanish, and whole without JavaScript (screens.md)."""
