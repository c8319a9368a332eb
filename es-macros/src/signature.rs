//! What all handler functions have in common.

use quote::ToTokens;
use syn::{Abi, FnArg, ReturnType, Safety, Signature, Type, TypeReference};

use crate::{
    diag::Diag,
    types::{peel, text},
};

/// Refuses what no handler can be.
pub(crate) fn check(signature: &Signature, what: &str, diag: &mut Diag) {
    if !signature.generics.params.is_empty() {
        let message = format!(
            "{what} has no generics and names no lifetimes: write the types out, and `&T` without a lifetime"
        );
        diag.error(&signature.generics, message);
    }
    if let Some(Abi { extern_token, .. }) = &signature.abi {
        diag.error(extern_token, format!("{what} is an ordinary `fn`: remove `extern`"));
    }
    if !matches!(signature.safety, Safety::Default) {
        diag.error(&signature.safety, format!("{what} is an ordinary `fn`: remove this word"));
    }
    if let Some(variadic) = &signature.variadic {
        diag.error(variadic, format!("{what} has a fixed number of parameters"));
    }
}

/// The `T` of a parameter `name: &T`.
pub(crate) fn shared(arg: &FnArg, self_remedy: &str, diag: &mut Diag) -> Option<Type> {
    let reference = reference(arg, self_remedy, diag)?;
    if let Some(mutability) = &reference.mutability {
        let message = format!("this is only looked at: write `&{}`", text(&reference.elem));
        diag.error(mutability, message);
    }
    Some(*reference.elem)
}

/// The reference type of a parameter.
pub(crate) fn reference(arg: &FnArg, self_remedy: &str, diag: &mut Diag) -> Option<TypeReference> {
    let typed = match arg {
        FnArg::Receiver(receiver) => {
            diag.error(receiver, self_remedy);
            return None;
        }
        FnArg::Typed(typed) => typed,
    };
    match peel(&typed.ty) {
        Type::Reference(reference) if has_impl(&reference.elem) => {
            let wanted = text(&reference.elem).replacen("impl ", "dyn ", 1);
            diag.error(&typed.ty, format!("a service is found by its type: write `&{wanted}`"));
            None
        }
        Type::Reference(reference) => Some(reference.clone()),
        other => {
            diag.error(other, format!("handlers borrow their parameters: write `&{}`", text(other)));
            None
        }
    }
}

/// The type that a handler returns; every handler returns something.
pub(crate) fn returned(signature: &Signature, example: &str, diag: &mut Diag) -> Option<Type> {
    match &signature.output {
        ReturnType::Default => {
            let message = format!("say what it returns: write `-> {example}`");
            diag.error_at(signature.paren_token.span.close(), message);
            None
        }
        ReturnType::Type(_, ty) if has_impl(ty) => {
            let message =
                format!("name the type: write `-> {example}`, and `async fn` if it waits for something");
            diag.error(ty, message);
            None
        }
        ReturnType::Type(_, ty) => Some((**ty).clone()),
    }
}

fn has_impl(ty: &Type) -> bool {
    ty.to_token_stream().into_iter().next().is_some_and(|t| t.to_string() == "impl")
}
