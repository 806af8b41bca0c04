"""What an uploaded SVG may have: its elements besides the shapes, its attributes, and the functions in its styles."""

ELEMENTS = """
svg g defs symbol title desc style tspan linearGradient radialGradient stop clipPath mask pattern marker filter
feBlend feColorMatrix feComponentTransfer feComposite feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR
feGaussianBlur feMerge feMergeNode feMorphology feOffset
"""
ATTRIBUTES = """
id class style d x y x1 y1 x2 y2 dx dy cx cy r rx ry fx fy fr width height points transform viewBox
preserveAspectRatio pathLength rotate textLength lengthAdjust fill fill-opacity fill-rule stroke stroke-width
stroke-opacity stroke-linecap stroke-linejoin stroke-miterlimit stroke-dasharray stroke-dashoffset opacity color
display visibility overflow vector-effect paint-order clip-path clip-rule mask mask-type filter marker-start
marker-mid marker-end mix-blend-mode isolation color-interpolation color-interpolation-filters shape-rendering
text-rendering font-family font-size font-style font-weight font-stretch font-variant letter-spacing word-spacing
text-anchor text-decoration dominant-baseline alignment-baseline baseline-shift writing-mode direction gradientUnits
gradientTransform spreadMethod offset stop-color stop-opacity clipPathUnits maskUnits maskContentUnits patternUnits
patternContentUnits patternTransform markerWidth markerHeight markerUnits refX refY orient filterUnits
primitiveUnits in in2 result mode operator k1 k2 k3 k4 stdDeviation edgeMode type values flood-color flood-opacity
tableValues slope intercept amplitude exponent radius
"""
FUNCTIONS = "rgb rgba hsl hsla calc matrix translate scale rotate skewx skewy translatex translatey"
