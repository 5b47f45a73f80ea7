"""Dark and light: one accent, one quiet scale of grey, and the style sheet made of them."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication

from explorer import paths


@dataclass(frozen=True)
class Theme:
    """Colours as `#rrggbb`. Text on `panel` and `window` has a contrast of at least 4.5 : 1."""

    name: str
    window: str
    """Behind the map."""
    panel: str
    field: str
    """Behind inputs."""
    line: str
    text: str
    quiet: str
    """Secondary text."""
    accent: str
    on_accent: str
    chosen: str
    """Behind a chosen row."""
    hover: str
    miss: str
    error: str

    @property
    def dark(self) -> bool:
        return self.name == "dark"


DARK = Theme(
    name="dark",
    window="#121416",
    panel="#1d2024",
    field="#24282d",
    line="#31363c",
    text="#e8eaed",
    quiet="#9aa0a6",
    accent="#58a6ff",
    on_accent="#0b1016",
    chosen="#22344c",
    hover="#272b31",
    miss="#f4716b",
    error="#ff8a80",
)
LIGHT = Theme(
    name="light",
    window="#ffffff",
    panel="#fbfbf9",
    field="#ffffff",
    line="#e1e2e0",
    text="#1f2328",
    quiet="#656d76",
    accent="#0969da",
    on_accent="#ffffff",
    chosen="#e7effb",
    hover="#f0f1f0",
    miss="#cf222e",
    error="#b3261e",
)


def following_system() -> Theme:
    """The theme that the system asks for; dark where it says nothing."""
    scheme = QApplication.styleHints().colorScheme()
    return LIGHT if scheme == Qt.ColorScheme.Light else DARK


def apply(theme: Theme, app: QApplication) -> None:
    """Dress the whole application."""
    app.setStyle("Fusion")
    app.setPalette(_palette(theme))
    app.setStyleSheet(_style_sheet(theme))


def heading_font(font: QFont) -> QFont:
    """Small capitals for headings."""
    heading = QFont(font)
    heading.setPixelSize(11)
    heading.setBold(True)
    heading.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, 0.8)
    heading.setCapitalization(QFont.Capitalization.AllUppercase)
    return heading


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: theme.panel,
        QPalette.ColorRole.WindowText: theme.text,
        QPalette.ColorRole.Base: theme.field,
        QPalette.ColorRole.AlternateBase: theme.panel,
        QPalette.ColorRole.Text: theme.text,
        QPalette.ColorRole.Button: theme.field,
        QPalette.ColorRole.ButtonText: theme.text,
        QPalette.ColorRole.ToolTipBase: theme.field,
        QPalette.ColorRole.ToolTipText: theme.text,
        QPalette.ColorRole.PlaceholderText: theme.quiet,
        QPalette.ColorRole.Highlight: theme.accent,
        QPalette.ColorRole.HighlightedText: theme.on_accent,
        QPalette.ColorRole.Link: theme.accent,
        QPalette.ColorRole.Mid: theme.line,
        QPalette.ColorRole.Accent: theme.accent,
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.quiet))
    return palette


def _style_sheet(t: Theme) -> str:
    icons = (paths.resources() / "icons").as_posix()
    return f"""
    * {{ font-size: 13px; }}
    QMainWindow, QWidget#panel, QWidget#bar, QScrollArea#panel {{ background: {t.panel}; }}
    QWidget#bar {{ border-bottom: 1px solid {t.line}; }}
    QWidget#tasks {{ background: {t.panel}; border-top: 1px solid {t.line}; }}
    QWidget#left, QWidget#right {{ background: {t.panel}; }}
    QFrame#rule {{ background: {t.line}; border: none; max-height: 1px; min-height: 1px; }}
    QLabel {{ background: transparent; }}
    QLabel[role="quiet"] {{ color: {t.quiet}; }}
    QLabel[role="title"] {{ font-size: 14px; font-weight: 600; }}
    QLabel[role="big"] {{ font-size: 22px; font-weight: 600; }}
    QLabel[role="error"] {{ color: {t.error}; }}
    QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox {{
        background: {t.field}; border: 1px solid {t.line}; border-radius: 6px; padding: 5px 8px; min-height: 18px;
        selection-background-color: {t.accent}; selection-color: {t.on_accent};
    }}
    QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus {{ border-color: {t.accent}; }}
    QLineEdit#query {{ padding: 7px 10px; font-size: 14px; border-radius: 6px; }}
    QCheckBox {{ spacing: 8px; }}
    QCheckBox:disabled {{ color: {t.quiet}; }}
    QCheckBox::indicator {{
        width: 14px; height: 14px; border: 1px solid {t.quiet}; border-radius: 4px; background: {t.field};
    }}
    QCheckBox::indicator:focus, QCheckBox::indicator:hover {{ border-color: {t.accent}; }}
    QCheckBox::indicator:checked {{
        background: {t.accent}; border-color: {t.accent}; image: url("{icons}/check-{t.name}.svg");
    }}
    QComboBox::drop-down {{ border: none; width: 22px; }}
    QComboBox::down-arrow {{ image: url("{icons}/down-{t.name}.svg"); width: 12px; height: 12px; }}
    QSpinBox::up-button, QDoubleSpinBox::up-button {{
        subcontrol-origin: border; subcontrol-position: top right; width: 20px; border: none; background: transparent;
    }}
    QSpinBox::down-button, QDoubleSpinBox::down-button {{
        subcontrol-origin: border; subcontrol-position: bottom right; width: 20px; border: none;
        background: transparent;
    }}
    QSpinBox::up-arrow, QDoubleSpinBox::up-arrow {{
        image: url("{icons}/up-{t.name}.svg"); width: 11px; height: 11px;
    }}
    QSpinBox::down-arrow, QDoubleSpinBox::down-arrow {{
        image: url("{icons}/down-{t.name}.svg"); width: 11px; height: 11px;
    }}
    QComboBox QAbstractItemView {{
        background: {t.field}; border: 1px solid {t.line}; outline: none; selection-background-color: {t.chosen};
        selection-color: {t.text}; padding: 4px;
    }}
    QPushButton, QToolButton {{
        background: {t.field}; border: 1px solid {t.line}; border-radius: 6px; padding: 5px 10px;
    }}
    QPushButton:hover, QToolButton:hover {{ background: {t.hover}; }}
    QPushButton:focus, QToolButton:focus {{ border-color: {t.accent}; }}
    QPushButton:disabled, QToolButton:disabled {{ color: {t.quiet}; }}
    QPushButton:checked, QToolButton:checked {{ background: {t.chosen}; border-color: {t.accent}; }}
    QPushButton[role="primary"] {{
        background: {t.accent}; color: {t.on_accent}; border-color: {t.accent}; font-weight: 600;
    }}
    QPushButton[role="primary"]:disabled {{ background: {t.field}; color: {t.quiet}; border-color: {t.line}; }}
    QPushButton[role="primary"]:focus {{ border-color: {t.text}; }}
    QPushButton[role="link"], QToolButton[role="link"] {{
        background: transparent; border: 1px solid transparent; padding: 2px 4px; color: {t.accent};
    }}
    QPushButton[role="link"]:hover, QToolButton[role="link"]:hover {{ text-decoration: underline; }}
    QPushButton[role="link"]:focus, QToolButton[role="link"]:focus {{ border-color: {t.accent}; }}
    QPushButton[role="plain"], QToolButton[role="plain"] {{
        background: transparent; border: 1px solid transparent; padding: 4px 8px; color: {t.quiet}; text-align: left;
    }}
    QPushButton[role="plain"]:hover, QToolButton[role="plain"]:hover {{ background: {t.hover}; color: {t.text}; }}
    QPushButton[role="plain"]:focus, QToolButton[role="plain"]:focus {{ border-color: {t.accent}; }}
    QPushButton#card {{
        background: {t.panel}; border: 1px solid {t.line}; border-radius: 8px; padding: 0px; text-align: left;
    }}
    QPushButton#card:hover {{ border-color: {t.accent}; }}
    QPushButton#card:focus {{ border-color: {t.accent}; }}
    QWidget#index {{ border: 1px solid transparent; border-radius: 6px; background: transparent; }}
    QWidget#index:hover {{ background: {t.hover}; }}
    QWidget#index[chosen="true"] {{ background: {t.chosen}; }}
    QWidget#index:focus {{ border-color: {t.accent}; }}
    QTabBar {{ background: {t.panel}; }}
    QTabBar::tab {{
        background: transparent; color: {t.quiet}; border: none; border-bottom: 2px solid transparent;
        padding: 7px 1px 6px 1px; margin-right: 13px;
    }}
    QTabBar::tab:hover {{ color: {t.text}; }}
    QTabBar::tab:selected {{ color: {t.text}; border-bottom-color: {t.accent}; }}
    QTabBar::tab:focus {{ color: {t.accent}; }}
    QSlider {{ min-height: 20px; }}
    QSlider::groove:horizontal {{ background: {t.line}; height: 4px; border-radius: 2px; }}
    QSlider::sub-page:horizontal {{ background: {t.accent}; border-radius: 2px; }}
    QSlider::handle:horizontal {{
        background: {t.accent}; width: 12px; height: 12px; margin: -4px 0; border-radius: 6px;
    }}
    QSlider::handle:horizontal:focus {{ background: {t.text}; }}
    QSlider::sub-page:horizontal:disabled, QSlider::handle:horizontal:disabled {{ background: {t.line}; }}
    QProgressBar {{ background: {t.line}; border: none; border-radius: 2px; max-height: 4px; min-height: 4px; }}
    QProgressBar::chunk {{ background: {t.accent}; border-radius: 2px; }}
    QTableView, QListView {{
        background: {t.panel}; border: none; outline: none; gridline-color: transparent;
        selection-background-color: {t.chosen}; selection-color: {t.text};
    }}
    QListView#found {{ background: {t.field}; border: 1px solid {t.line}; border-radius: 6px; padding: 4px; }}
    QListView#steps::item {{ padding: 3px 16px; }}
    QFrame#popup QListView {{ background: transparent; }}
    QHeaderView {{ background: {t.panel}; border: none; }}
    QHeaderView::section {{
        background: {t.panel}; color: {t.quiet}; border: none; border-bottom: 1px solid {t.line};
        padding: 4px 6px; font-size: 11px;
    }}
    QScrollArea {{ border: none; background: {t.panel}; }}
    QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
    QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
    QScrollBar::handle {{ background: {t.line}; border-radius: 4px; min-height: 24px; min-width: 24px; margin: 1px; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    QToolTip {{ background: {t.field}; color: {t.text}; border: 1px solid {t.line}; padding: 4px; }}
    QMenu {{ background: {t.field}; border: 1px solid {t.line}; padding: 4px; }}
    QMenu::item {{ padding: 5px 24px 5px 12px; border-radius: 4px; }}
    QMenu::item:selected {{ background: {t.chosen}; }}
    QMenu::separator {{ height: 1px; background: {t.line}; margin: 4px 8px; }}
    QSplitter::handle {{ background: {t.line}; }}
    QSplitter::handle:horizontal {{ width: 1px; }}
    QSplitter::handle:vertical {{ height: 1px; }}
    QFrame#popup {{ background: {t.field}; border: 1px solid {t.line}; border-radius: 8px; }}
    """
